/** The body: what a reader would have seen comes out, what acts or hides does not. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textProblems } from '../../../src/inspect/text.ts';
import { removeFrames } from '../../../src/sanitize/body/frames.ts';
import { renderBody } from '../../../src/sanitize/body/render.ts';
import { safeText } from '../../../src/sanitize/body/safe-text.ts';

const policy = { links: 'defang' } as const;
const html = (source: string) => renderBody({ html: source }, policy);
const plain = (source: string) => renderBody({ plain: source }, policy);
const problems = (text: string) => textProblems(Buffer.from(`\uFEFF${text.trimEnd().replaceAll('\n', '\r\n')}\r\n`));

test('an ordinary plain mail is not touched', () => {
  const text =
    '山田様\n\n  お世話になっております。\tTEL:03-1234-5678\n「葛󠄀飾区」① ㈱ 髙橋 ～ −\nmail: taro@example.co.jp\n';
  expect(plain(text)).toEqual({ text, source: 'plain', links: [], hiddenText: '', removed: [] });
});

test.each([
  ['https://example.com/a?b=c#d', 'hxxps://example[.]com/a?b=c#d'],
  ['詳細はhttp://www.example.co.jp/をご覧ください', '詳細はhxxp://www[.]example[.]co[.]jp/をご覧ください'],
  ['https://example.comをご覧ください。', 'hxxps://example[.]comをご覧ください。'],
  ['見る(https://example.com/x)。', '見る(hxxps://example[.]com/x)。'],
  ['HTTPS://Example.COM/x', 'hxxps://example[.]com/x'],
  ['www.example.com', 'www[.]example.com'],
  ['http://example.com:8080/', 'hxxp://example[.]com:8080/'],
  ['http://a.example/?u=http://b.example/', 'hxxp://a[.]example/?u=http[:]//b.example/'],
  ['ftp://ftp.example.com/f', 'fxp://ftp[.]example[.]com/f'],
  ['foo://bar', 'foo[:]//bar'],
])('B20 plain text %s becomes %s', (before, after) => {
  expect(plain(before).text).toBe(after);
});

test.each([
  ['http://xn--80ak6aa92e.example/', 'punycode', 'xn--80ak6aa92e[.]example'],
  ['http://аpple.example/', 'punycode', 'xn--'],
  ['http://0x7f.1/', 'ip-address', '127[.]0[.]0[.]1'],
  ['http://[::1]/', 'ip-address', '[::1]'],
  ['http://www.city.lg.jp@evil.example/', 'text-differs', 'hxxp://evil[.]example/'],
])('B07 %s is shown as what it is', (link, suspicion, shown) => {
  const body = plain(link);
  expect(body.text).toContain(shown);
  expect(body.links[0]?.suspicion).toContain(suspicion);
});

test.each([
  '\\\\canary.example.invalid\\s',
  'file:///\\\\canary.example.invalid\\x!y',
  'ms-word:ofe|u|x',
  'search-ms:query=a',
  'javascript:alert(1)',
  'vbscript:x',
  'smb://canary.example.invalid/',
  'data:text/html;base64,AAAA',
  'ms-appinstaller:?source=x',
])('B18 B20: %s in plain text is broken up and reported', (text) => {
  const body = plain(`前 ${text} 後`);
  expect(problems(body.text)).toEqual([]);
  expect(body.removed.length + body.links.length).toBeGreaterThan(0);
});

test('B20 twin: backslashes, yen and colons of ordinary text stay', () => {
  const text = '¥1,000 と C:\\temp、備考:なし Data: 5 12:30';
  expect(plain(text).text).toBe(text);
});

test('B05 B06 B30: controls, bidi, zero-width go and are counted', () => {
  const body = plain('a\u202Eb\u2066c\u200Bd\x1b]52;e\x07f\u00ADg\uFEFF');
  expect(body.text).toBe('abcd]52;efg');
  expect(body.removed).toEqual([
    { what: 'control-characters', count: 3 },
    { what: 'bidi-controls', count: 2 },
  ]);
});

test('names keep their variation selectors, emoji their picture', () => {
  expect(plain('葛\u{E0100}城市 ❤\uFE0F').text).toBe('葛\u{E0100}城市 ❤');
});

test('M42 M43: encoded files in the text are removed and named', () => {
  const uu = `前\nbegin 644 x.exe\nM${'A'.repeat(60)}\n#AAAA\n\`\nend\n後`;
  expect(plain(uu).text).toBe('前\n[本文に埋め込まれたファイル x.exe を取り除きました]\n後');
  const base64 = '前\nbegin-base64 644 x.exe\nTVqQAAMAAAA=\n====\n後';
  expect(plain(base64).text).toBe('前\n[本文に埋め込まれたファイル x.exe を取り除きました]\n後');
  const yenc = '前\n=ybegin line=128 size=3 name=x.exe\nabc\n=yend size=3\n後';
  expect(plain(yenc).text).toBe('前\n[本文に埋め込まれたファイル x.exe を取り除きました]\n後');
});

test('M42 twin: a sentence that begins like a frame keeps its words', () => {
  expect(plain('begin 2015 is a year\nend').text).toBe('[begin] 2015 is a year\nend');
  expect(plain('Let us begin 644 times').text).toBe('Let us begin 644 times');
});

test('INV-07: fields of a quoted mail keep their words, and no old reader takes the lines for a mail', () => {
  const quoted = 'MIME-Version: 1.0\nSubject: x\ncontent-type : multipart/mixed; boundary=b\n\n--b\n';
  expect(plain(quoted).text).toBe(
    'MIME-[Version]: 1.0\nSubject: x\ncontent-[type] : multipart/mixed; boundary=b\n\n--b\n',
  );
  expect(plain('Content-Transfer-Encoding: base64').text).toBe('Content-[Transfer-Encoding]: base64');
  expect(plain('>  "Content-Disposition: inline').text).toBe('>  "Content-[Disposition]: inline');
  expect(plain('X-Content-Type: a').text).toBe('X-Content-[Type]: a');
});

test('INV-07 twin: a sentence about such a field stays as it is', () => {
  for (const text of [
    'The header Content-Type: text/html is missing.',
    'Content-Type\nis a field',
    'X-Content-Type-Options: nosniff',
    'コンテンツ:Content-Type: x',
    'My content type: a',
  ])
    expect(plain(text).text).toBe(text);
});

test('B14 B15 B24 B25: scripts, styles, comments and templates leave no trace in the text', () => {
  const body = html(
    '<head><title>CANARY</title><style>p::before{content:"CANARY"}</style></head><script>CANARY</script><!--CANARY--><template>CANARY</template>' +
      '<noscript>CANARY</noscript><p onclick="CANARY">見える</p><svg><text>CANARY</text></svg><iframe src="http://x/">CANARY</iframe>',
  );
  expect(body.text).toBe('見える');
  expect(body.removed).toContainEqual({ what: 'script', count: 2 });
  expect(body.removed).toContainEqual({ what: 'embedded-file', count: 1 });
});

test.each([
  'style="display:none"',
  'style="visibility:hidden"',
  'style="font-size:0"',
  'style="font-size:1px"',
  'style="font:0/0 a"',
  'style="opacity:0"',
  'style="color:#fff"',
  'style="color:white;background-color:#fefefe"',
  'style="color:#123456;background:#123457"',
  'style="position:absolute;left:-9999px"',
  'style="text-indent:-9999px"',
  'style="max-height:0;overflow:hidden"',
  'style="color:transparent"',
  'style="color:rgba(0,0,0,0)"',
  'style="DISPLAY : NONE !important"',
  'hidden',
  'class="gone"',
  'id="gone"',
])('B23: text with %s is removed and reported', (attributes) => {
  const body = html(
    `<style>.gone,#gone{display:none}</style><p>見える</p><div ${attributes}>CANARY<b>CANARY2</b></div>`,
  );
  expect(body.text).toBe('見える');
  expect(body.hiddenText).toContain('CANARY');
  expect(body.removed).toContainEqual({ what: 'hidden-text', count: 2 });
});

test.each([
  'style="color:#333"',
  'style="color:white;background:#003366"',
  'style="font-size:0"><span style="font-size:14px"',
  'style="background:url(x.png);color:#fff"',
  'bgcolor="#000" style="color:#fff"',
  'style="visibility:hidden"><span style="visibility:visible"',
  'style="height:0"',
  'class="mobile"',
])('B23 twin: text with %s is seen', (attributes) => {
  const source = `<style>@media (max-width:600px){.mobile{display:none}}</style><div ${attributes}>読めます</div>`;
  expect(html(source).text).toBe('読めます');
});

test('colours prove nothing when a selector we do not read paints the background', () => {
  expect(
    html(
      '<style>table td.x{background:#000}</style><table><tr><td class="x" style="color:#fff">白抜き</td></tr></table>',
    ).text,
  ).toBe('白抜き');
});

test('B17: a link shows where it leads, and when its text says otherwise', () => {
  const body = html(
    '<a href="https://evil.example/login">https://www.city.aoba.lg.jp/</a> <a href="https://example.co.jp/a">こちら</a>',
  );
  expect(body.text).toContain('<hxxps://evil[.]example/login>(表示と行き先が違います)');
  expect(body.text).toContain('こちら <hxxps://example[.]co[.]jp/a>');
  expect(body.links.map((link) => link.suspicion)).toContainEqual(['text-differs']);
  const same = html('<a href="https://example.co.jp/">https://example.co.jp</a>');
  expect(same.text).toBe('hxxps://example[.]co[.]jp');
  expect(same.links).toHaveLength(1);
});

test.each([
  'javascript:alert(1)',
  ' java\nscript:alert(1)',
  'vbscript:x',
  'data:text/html;base64,AAAA',
  'file:///\\\\host\\x!y',
  '\\\\host\\share',
  'smb://host/x',
  'ms-word:ofe|u|x',
  'search-ms:query=x',
  'mhtml:http://x/',
  'ｊａｖａｓｃｒｉｐｔ:x',
  'C:\\x',
])('B16 B18 B19: a link to %s is removed and reported', (href) => {
  const body = html(`<a href="${href}">文字</a>`);
  expect(body.text).toMatch(/^文字 \[リンクを取り除きました: [a-z-]+\]$/);
  expect(body.removed).toContainEqual({ what: 'link', count: 1 });
});

test('B21: remote pictures and pixels are counted, their addresses gone', () => {
  const body = html(
    '<img src="http://canary.example/p.gif" width=1 height=1><img src="https://canary.example/a.png" alt="地図"><div style="background:url(http://canary.example/)">x</div>',
  );
  expect(body.text).toBe('[画像: 地図]\nx');
  expect(body.removed).toEqual([
    { what: 'tracking-pixel', count: 1 },
    { what: 'remote-image', count: 1 },
  ]);
});

test('lists, quotes, headings, ruby, preformatted text read as they looked', () => {
  const body = html(
    '<h1>題</h1><p>一<br>二</p><ul><li>い<ul><li>ろ</li></ul></li></ul><ol start=3><li>は<li>に</ol><blockquote>引用<br>続き</blockquote>' +
      '<pre>a  b\n c</pre><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>',
  );
  expect(body.text).toBe('■ 題\n\n一\n二\n\n・い\n  ・ろ\n3. は\n4. に\n\n> 引用\n> 続き\n\na  b\n c\n\n漢字(かんじ)');
});

test('columns that hold nothing are not drawn, and a row ends with its last words', () => {
  const wide = 'あ'.repeat(40);
  const { text } = html(
    `<table><tr><td>${wide}</td><td> </td><td>い</td></tr><tr><td>う</td><td></td><td></td></tr></table>`,
  );
  expect(text).toContain('い');
  expect(text).not.toMatch(/\|\s*\|/);
  const wider = html(`<table><tr><td>${wide.repeat(2)}</td><td>い</td></tr><tr><td>う</td><td></td></tr></table>`);
  expect(wider.text).toBe(`${wide.repeat(2)} | い\nう`);
});

test('an alternative that shows nothing contradicts nothing, one that shows a picture does', () => {
  const both = (htmlSource: string) => renderBody({ plain: '議事録を送ります。', html: htmlSource }, policy).removed;
  expect(both('<html><body lang="RU">\r\n</body></html>')).toEqual([]);
  expect(both('<img src="cid:1" alt="至急送金">').map(({ what }) => what)).toContain('alternative-body');
});

test('a data table is a grid that lines up in East Asian width, a layout table flows', () => {
  const data = html('<table border=1><tr><th>品名</th><th>数</th></tr><tr><td>机</td><td>10</td></tr></table>');
  expect(data.text).toBe('品名 | 数\n-----+---\n机   | 10');
  const layout = html('<table><tr><td><table><tr><td>左</td></tr></table></td><td>右</td></tr></table>');
  expect(layout.text).toBe('左\n右');
});

test('the fuller of two bodies is used, and a disagreement is reported', () => {
  const stub = renderBody(
    { plain: 'HTMLメールです', html: `<p>${'会議は十時から始まります。'.repeat(5)}</p>` },
    policy,
  );
  expect([stub.source, stub.removed.map(({ what }) => what)]).toEqual(['html', ['alternative-body']]);
  const same = renderBody(
    { plain: '会議は十時から\n始まります。', html: '<p>会議は<b>十時</b>から始まります。</p>' },
    policy,
  );
  expect([same.source, same.removed]).toEqual(['plain', []]);
});

test('B22: host-only leaves the path out', () => {
  expect(renderBody({ plain: 'https://example.com/a/b?c' }, { links: 'host-only' }).text).toBe('hxxps://example[.]com');
});

test.each([
  ['200,000 nested div', '<div>'.repeat(200_000)],
  ['10,000 open font elements and paragraphs', '<font x=1><b>'.repeat(5000) + '<p>x'.repeat(10_000)],
  ['200,000 attributes', `<a ${Array.from({ length: 200_000 }, (_, i) => `a${i}=">"`).join(' ')}>`],
  ["200,000 '<'", '<'.repeat(200_000)],
  ['deep quotes', '<blockquote>x'.repeat(3000)],
  ['a select', `<select>${'<option>x'.repeat(50_000)}`],
])(
  'B26 B27: %s end in text',
  (_, source) => {
    const body = html(`${source}終わり`);
    expect(body.text.length).toBeLessThan(4_100_000);
    expect(problems(body.text)).toEqual([]);
  },
  20_000,
);

test.each([
  ['backslashes', '\\'.repeat(300_000)],
  ['mailto', 'mailto:'.repeat(30_000)],
  ['schemes', 'a+'.repeat(150_000)],
  ['slashes', '://'.repeat(100_000)],
  ['frames without end', 'BEGIN 644 X\n=ybegin a\n'.repeat(15_000)],
  ['dots', 'http://'.concat('a.'.repeat(150_000))],
])(
  'B27 B28: 300 kB of %s take linear time',
  (_, source) => {
    expect(problems(plain(source).text)).toEqual([]);
  },
  10_000,
);

const hostile = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      'http://',
      'https:',
      '//',
      'www.',
      '\\\\',
      '￥￥',
      'file:',
      'ms-',
      'x:',
      'begin 644 a\n',
      '=ybegin ',
      'end\n',
      'hxxp://',
      '[.]',
      '\u202e',
      '\u{E0100}',
      '漢',
      '\u200d',
      '\r',
      '\n',
      '<a href="',
      '">',
      '</a>',
      '<p style="',
      '<table><tr><td>',
      '<!--',
      '-->',
      '<script>',
      '@',
      'data:',
      'text/',
      '(this file must be converted with binhex',
      '>',
    ),
  ),
  { maxLength: 25 },
);

test('any plain text ends within the inspector’s rules, and twice is once', () => {
  fc.assert(
    fc.property(hostile, (pieces) => {
      const once = safeText(pieces.join(''), 'defang').text;
      expect(problems(once)).toEqual([]);
      expect(safeText(once, 'defang').text).toBe(once);
    }),
    { numRuns: 3000 },
  );
});

test('any page ends within the inspector’s rules', () => {
  fc.assert(
    fc.property(hostile, (pieces) => {
      expect(problems(html(pieces.join('')).text)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test('a text without frames is returned as it is', () => {
  expect(removeFrames('いろは\nend')).toEqual({ text: 'いろは\nend', count: 0 });
});
