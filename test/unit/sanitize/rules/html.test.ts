/** A page as text: what is shown and how, what goes and is counted, element by element. */
import { describe, expect, test } from 'vitest';
import type { Removal } from '../../../../src/message/outcome.ts';
import { cleanText } from '../../../../src/sanitize/body/characters.ts';
import { htmlToText } from '../../../../src/sanitize/body/html.ts';
import { renderBody } from '../../../../src/sanitize/body/render.ts';
import { padTo, widthOf } from '../../../../src/sanitize/body/width.ts';

const page = (html: string) => htmlToText(html, 'defang', 'en');
const text = (html: string): string => page(html).text;
const counts = (html: string): Partial<Record<Removal['what'], number>> =>
  Object.fromEntries(page(html).removed.map(({ what, count }) => [what, count]));

describe('what is shown', () => {
  test.each([
    ['a <b>b</b>\n  c', 'a b c'],
    ['a<br>b<br><br>c', 'a\nb\n\nc'],
    ['a<br><br><br><br><br>c', 'a\n\n\nc'],
    ['<p>a</p><p>b</p>', 'a\n\nb'],
    ['<div>a</div><div>b</div>c', 'a\nb\nc'],
    ['<div><div><div>a</div></div></div>b', 'a\nb'],
    ['a<p>b</p>c', 'a\n\nb\n\nc'],
    ['a<hr>b', `a\n${'─'.repeat(20)}\nb`],
    ['<h1>a</h1>b<h2>c</h2><h3>d</h3><h4>e</h4>', '■ a\n\nb\n\n■ c\n\n■ d\n\ne'],
    ['<ul><li>a<li>b</ul>', '・a\n・b'],
    ['<ol><li>a<li>b</ol>', '1. a\n2. b'],
    ['<ol start=5><li>a<li value=9>b<li>c</ol>', '5. a\n9. b\n10. c'],
    ['<ol start=x><li value=y>a</ol>', '1. a'],
    ['<menu><li>a</menu><dir><li>b</dir>', '・a\n・b'],
    ['<li>a', '・a'],
    ['<ol><li>a<ul><li>b</ul><li>c</ol>', '1. a\n  ・b\n2. c'],
    ['<ul><li>a<br>b</ul>', '・a\n  b'],
    ['<dl><dt>a<dd>b<dd>c</dl>d', 'a\n  b\n  c\nd'],
    ['<blockquote>a<p>b</p></blockquote>c', '> a\n>\n> b\n\nc'],
    ['<blockquote><blockquote>a</blockquote>b</blockquote>', '> > a\n>\n> b'],
    ['<pre>a  b\n\tc</pre>d', 'a  b\n\tc\n\nd'],
    ['<textarea>a  b</textarea>', 'a  b'],
    ['<xmp>a  b</xmp><listing>c  d</listing>', 'a  b\n\nc  d'],
    ['<ruby>a<rp>(</rp><rt>b</rt><rp>)</rp></ruby>', 'a(b)'],
    ['<q>a</q> <button>b</button>', '「a」 [b]'],
    ['<input type=submit value=a><input type=BUTTON value=b><input type=reset value=c>', '[a][b][c]'],
    ['<input value=a> <input type=text value=b>', 'a b'],
    [
      '<input type=hidden value=a><input type=password value=b><input type=checkbox value=c><input type=radio value=d><input value="">',
      '',
    ],
    ['<form>a</form>b', 'a\nb'],
    ['<select><option>a<option>b</select>', 'a\nb'],
    ['<td>a</td><td>b</td>', 'ab'],
    ['a&nbsp;b&lt;c&gt;', 'a\u00a0b<c>'],
    ['<font color=red>a</font><body text=blue>b', 'ab'],
    ...'address article aside center details div dl dt fieldset figcaption figure footer header legend main nav section summary'
      .split(' ')
      .map((tag) => [`a<${tag}>b</${tag}>c`, 'a\nb\nc'] as [string, string]),
    ...'p h4 h5 h6'.split(' ').map((tag) => [`a<${tag}>b</${tag}>c`, 'a\n\nb\n\nc'] as [string, string]),
    ...'b i u em strong span font small big code s sub sup abbr label'
      .split(' ')
      .map((tag) => [`a<${tag}>b</${tag}>c`, 'abc'] as [string, string]),
  ])('%j is %j', (html, shown) => {
    expect(text(html)).toBe(shown);
  });

  test.each(
    'title style script noscript template iframe object audio video canvas map datalist noframes noembed svg math'.split(
      ' ',
    ),
  )('<%s> is not shown', (tag) => {
    expect(text(`<body>a<${tag}>CANARY</${tag}>b`)).toBe('ab');
  });
  test('nor is what only a head holds', () => {
    expect(text('<head><title>CANARY</title><base href=x><meta x><link x></head>a')).toBe('a');
    expect(text('<applet>CANARY</applet><embed src=CANARY><param><source><track>a')).toBe('a');
  });

  test('a deep indentation ends at twelve', () => {
    expect(text(`${'<blockquote>'.repeat(20)}a`)).toBe(`${'> '.repeat(12)}a`);
    expect(
      text(`${'<blockquote>'.repeat(20)}a${'</blockquote>'.repeat(20)}b`)
        .split('\n')
        .at(-1),
    ).toBe('b');
  });
});

describe('tables', () => {
  test.each([
    ['<table><tr><td>a<td>b<tr><td>cc<td>d</table>', 'a  | b\ncc | d'],
    ['<table><tr><th>a<th>b<tr><td>c<td>d</table>', 'a | b\n--+--\nc | d'],
    ['<table><tr><th>a<th>b<tr><th>c<th>d</table>', 'a | b\nc | d'],
    ['<table><tr><th>a<th>b</table>', 'a | b'],
    ['<table><tr><td>a<td>b</table>', 'a\nb'],
    ['<table><tr><td>a<tr><td>b</table>', 'a\nb'],
    ['<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>', 'a\nb\nc\nd'],
    ['<table role=NONE><tr><td>a<td>b<tr><td>c<td>d</table>', 'a\nb\nc\nd'],
    ['<table role=nonesuch><tr><td>a<td>b<tr><td>c<td>d</table>', 'a | b\nc | d'],
    ['<table><tr><td>a<td><table><tr><td>x</table><tr><td>c<td>d</table>', 'a\nx\nc\nd'],
    ['<table><tr><td>表<td>b<tr><td>c<td>d</table>', '表 | b\nc  | d'],
    ['<table><tr><td>a<br>b<td>c<tr><td>d<td>e</table>', 'a | c\nb |\nd | e'],
    ['<table><tr><td colspan=2>a<td>b<tr><td>c<td>d<td>e</table>', 'a |   | b\nc | d | e'],
    ['<table><tr><td>a<td>b<tr><td>c</table>', 'a | b\nc |'],
    ['<table><tr><td>a<td><td>b<tr><td>c<td><td>d</table>', 'a | b\nc | d'],
    ['<table><tr><td><td><tr><td>c<td>d</table>', 'c | d'],
    ['x<table><tr><td>a<td>b<tr><td>c<td>d</table>y', 'x\n\na | b\nc | d\n\ny'],
    ['<ul><li>x<table><tr><td><ul><li>a</ul><td>b<tr><td>c<td>d</table></ul>', '・x\n\n  ・a | b\n  c   | d'],
  ])('%j is %j', (html, shown) => {
    expect(text(html)).toBe(shown);
  });

  const rows = (count: number, cells: number, content = 'a'): string =>
    `<table>${`<tr>${`<td>${content}`.repeat(cells)}`.repeat(count)}</table>`;
  test('too many rows or columns, or long cells, are layout', () => {
    expect(text(rows(2, 16))).toContain(' | ');
    expect(text(rows(2, 17))).not.toContain(' | ');
    expect(text(rows(300, 2)).split('\n')).toHaveLength(300);
    expect(text(rows(301, 2))).not.toContain(' | ');
    expect(text(rows(2, 2, 'a'.repeat(200)))).toContain(' | ');
    expect(text(rows(2, 2, 'a'.repeat(201)))).not.toContain(' | ');
  });
  test('a grid of 110 columns is drawn, a wider one is a line a row', () => {
    expect(text(`<table><tr><td>${'a'.repeat(54)}<td>${'b'.repeat(53)}<tr><td>c<td>d</table>`)).toContain(
      `c${' '.repeat(53)} | d`,
    );
    expect(text(`<table><tr><td>${'a'.repeat(54)}<td>${'b'.repeat(54)}<tr><td>c<td>d</table>`)).toContain('\nc | d');
  });

  test('columns as Japanese mail programs show them', () => {
    for (const [shown, width] of [
      ['abc', 3],
      ['表', 2],
      ['ｱ', 1],
      ['Ａ', 2],
      ['①', 2],
      ['α', 2],
      ['é', 1],
      ['e\u0301', 1],
      ['𠮷', 2],
      ['😀', 2],
      ['', 0],
    ] as const)
      expect([shown, widthOf(shown)]).toEqual([shown, width]);
    expect(padTo('表', 4)).toBe('表  ');
    expect(padTo('表表表', 4)).toBe('表表表');
  });
});

describe('what goes and is counted', () => {
  test.each<[string, Partial<Record<Removal['what'], number>>]>([
    ['a', {}],
    ['<script>x</script><body><script>y</script>', { script: 2 }],
    ['<p onclick=x onload=y>a</p><br onfoo>', { script: 3 }],
    ['<p title=on>a', {}],
    ['<iframe></iframe><object></object><embed><audio></audio><video></video>', { 'embedded-file': 5 }],
    ['<applet></applet>', { 'embedded-file': 1 }],
    ['<svg><script>x</script></svg><noscript>x</noscript><title>x</title>', {}],
    ['<form><form></form></form><form>', { form: 2 }],
    ['<img src=http://a.example/x>', { 'remote-image': 1 }],
    ['<img src=//a.example/x> <img src=" HTTPS://a.example/x ">', { 'remote-image': 2 }],
    ['<img src=cid:x><img src=x.png><img>', {}],
    ['<img src=http://a.example/x width=1 height=1>', { 'tracking-pixel': 1 }],
    ['<img src=http://a.example/x width=2>', { 'tracking-pixel': 1 }],
    ['<img src=http://a.example/x width=3 height=3>', { 'remote-image': 1 }],
    ['<img src=http://a.example/x style="height:0">', { 'tracking-pixel': 1 }],
    ['<img src=http://a.example/x style="a:b; WIDTH : 1px !important">', { 'tracking-pixel': 1 }],
    ['<img src=http://a.example/x style="max-width:1px">', { 'remote-image': 1 }],
    ['<img src=http://a.example/x style="width:1px2">', { 'remote-image': 1 }],
    ['<img src=http://a.example/x width=1 style="width:100px">', { 'remote-image': 1 }],
    ['<img src=http://a.example/x style="display : none">', { 'tracking-pixel': 1 }],
    ['<img src=cid:x width=1>', {}],
    ['<p style="display:none">a</p>', { 'hidden-text': 1 }],
    ['<p hidden>a<b>b</b></p>', { 'hidden-text': 2 }],
    ['<a href=javascript:x>a</a><a href=file:x>b</a>', { link: 2 }],
  ])('%j', (html, expected) => {
    expect(counts(html)).toEqual(expected);
  });

  test('pictures are named by their alternative text, links behind them too', () => {
    const image = (html: string): string => text(html);
    expect(image('<img src=cid:x alt="a  b">')).toContain('a b');
    expect(image('<img src=cid:x>')).not.toBe('');
    expect(image('<img src=http://a.example/x>')).toBe('');
    expect(image('<a href=http://b.example/><img src=http://a.example/x></a>')).toMatch(
      /^\[.+\] <hxxp:\/\/b\[\.\]example>$/,
    );
    expect(image('<p hidden><img src=cid:x alt=a></p>')).toBe('');
    expect(image('<img src=cid:x alt=a width=1>')).toBe('');
    expect(counts('<p hidden><img src=http://a.example/x alt=a></p>')).toEqual({ 'remote-image': 1 });
  });

  test('hidden text and comments are told, comments uncounted', () => {
    expect(page('<!-- c --><head><!-- d --></head><p hidden>a</p>b').hiddenText).toBe('a\nc\nd');
    expect(page('<style>p{display:none}</style><p>a</p>b')).toMatchObject({ text: 'b', hiddenText: 'a' });
    expect(page('<p class="x y">a</p><style>.y{display:none}</style>b')).toMatchObject({ text: 'b', hiddenText: 'a' });
    expect(page('<p id=x>a</p><style>#x{display:none}</style>b')).toMatchObject({ text: 'b', hiddenText: 'a' });
    expect(page('<font color=white>a</font>b')).toMatchObject({ text: 'b', hiddenText: 'a' });
    expect(page('<b color=white>a</b>b')).toMatchObject({ text: 'ab' });
    expect(page('<body text=white>a<font color=black>b</font>')).toMatchObject({ text: 'b', hiddenText: 'a' });
    expect(page('<p background=x style="color:white">a</p>')).toMatchObject({ text: 'a' });
    expect(page('<p bgcolor=black>a</p>b')).toMatchObject({ text: 'b', hiddenText: 'a' });
    expect(page('<a href=http://a.example/ style="display:none">x</a>b')).toMatchObject({ text: 'b', links: [] });
    expect(page('<a href=http://a.example/ style="visibility:hidden">x</a>b')).toMatchObject({ text: 'b', links: [] });
  });

  test('twenty classes of an element are looked at', () => {
    const classes = (n: number): string => Array.from({ length: n }, (_, i) => `c${i}`).join(' ');
    const shown = (n: number): string => text(`<style>.last{display:none}</style><p class="${classes(n)} last">a</p>`);
    expect([shown(19), shown(20)]).toEqual(['', 'a']);
  });

  test('links: relative ones by the page’s own base, the first of several', () => {
    expect(text('<base href=http://a.example/x/><base href=http://b.example/><a href=y>z</a>')).toBe(
      'z <hxxp://a[.]example/x/y>',
    );
    expect(text('<a href=y>z</a>')).toBe('z');
    expect(text('<a>z</a><area href=http://a.example/>')).toContain('z');
  });
});

describe('pages that are too much', () => {
  test('deeper than four hundred: tags end lines, scripts go, links are shown', () => {
    const deep = page(
      `${'<div>'.repeat(500)}a<b>b</b><script>CANARY</script><a href=javascript:x>c</a><a href=http://a.example/>d</a><title>CANARY</title><p>e`,
    );
    expect(deep.text).not.toContain('CANARY');
    expect(deep.text.split('\n')[0]).toMatch(/^abc .*javascript.*d <hxxp:\/\/a\[\.\]example>$/);
    expect(deep.text.split('\n').at(-1)).toBe('e');
    expect(deep.removed).toEqual(
      expect.arrayContaining([
        { what: 'script', count: 1 },
        { what: 'link', count: 1 },
      ]),
    );
    for (const tag of ['style', 'noscript', 'iframe', 'noembed', 'noframes', 'template'])
      expect(text(`${'<div>'.repeat(500)}a<${tag}>CANARY</${tag}>b`)).toBe('ab');
  });
});

describe('a mail that says it twice', () => {
  const both = (plain: string | undefined, html: string | undefined) => {
    const body = renderBody({ plain, html }, { links: 'defang' }, 'en');
    return [body.source, body.removed.some(({ what }) => what === 'alternative-body')];
  };
  const words = 'The meeting begins at ten o’clock in the large hall. ';
  test.each([
    [undefined, undefined, 'none', false],
    [' \n', ' ', 'none', false],
    ['a', undefined, 'plain', false],
    ['a', ' ', 'plain', false],
    [undefined, '<p>a', 'html', false],
    [' ', '<p>a', 'html', false],
    [words, `<p>${words}</p>`, 'plain', false],
    [words, `<p>${words}</p><p>abc</p>`, 'plain', false],
    [words, `<p>${words}${words}</p>`, 'html', false],
    ['See the web page.', `<p>${words}${words}</p>`, 'html', true],
    [`${words}${words}`, '<p>Something else entirely: 12345 67890', 'plain', true],
    ['a', '<p>b', 'plain', true],
    ['a', '<p>a', 'plain', false],
    [words, '<p></p>', 'plain', false],
    [`${words}http://a.example/very/long/path/that/only/one/side/shows`, `<p>${words}</p>`, 'plain', false],
    ['ＡＢＣ　ｄｅｆ', '<p>abc def', 'plain', false],
  ])('%j beside %j: %s', (plain, html, source, disagrees) => {
    expect(both(plain, html)).toEqual([source, disagrees]);
  });
  test('what only the page held is told whichever side is used', () => {
    const body = renderBody(
      {
        plain: words.repeat(5),
        html: `<p>${words.repeat(5)}</p><script>x</script><a href=javascript:y>z</a><p hidden>secret</p>`,
      },
      { links: 'defang' },
      'en',
    );
    expect(body.source).toBe('plain');
    expect(body.removed).toEqual(
      expect.arrayContaining([
        { what: 'script', count: 1 },
        { what: 'hidden-text', count: 1 },
      ]),
    );
    expect(body.removed.map(({ what }) => what)).not.toContain('link');
    expect(body.hiddenText).toBe('secret');
  });
  test('two hundred links are told', () => {
    expect(
      renderBody({ html: '<a href=http://a.example/>x</a> http://b.example '.repeat(150) }, { links: 'defang' }).links,
    ).toHaveLength(200);
  });
});

describe('characters', () => {
  test.each([0xd800, 0xd801, 0xdbff, 0xdc00, 0xdffe, 0xdfff])('half a character (%i) goes nowhere', (unit) => {
    const half = String.fromCharCode(unit);
    for (const text of [`a${half}b`, half, `a${half}`]) {
      const cleaned = cleanText(text).text;
      expect(cleaned.isWellFormed()).toBe(true);
      expect(cleaned).not.toContain(half);
    }
  });
  test('whole characters stay, and so does everything beside the halves', () => {
    for (const text of ['𠮷', '\ud7ff', '\ue000', 'a\nb', '']) {
      expect(cleanText(text)).toEqual({ text, controls: 0, bidi: 0 });
    }
    expect(cleanText('a\r\nb').text).toBe('a\nb');
  });
});
