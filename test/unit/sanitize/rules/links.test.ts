/** Links in text and behind text: what is broken up, what is shown, what is told; and the text that only looks like one. */
import { describe, expect, test } from 'vitest';
import { LinkSink } from '../../../../src/sanitize/body/anchor.ts';
import { cleanLine, cleanText } from '../../../../src/sanitize/body/characters.ts';
import { unflow } from '../../../../src/sanitize/body/flowed.ts';
import { disarmLines, removeFrames } from '../../../../src/sanitize/body/frames.ts';
import { defangText, shownWeb, targetOf } from '../../../../src/sanitize/body/links.ts';
import { addRemovals, crlf, removals, safeText } from '../../../../src/sanitize/body/safe-text.ts';

const defang = (text: string): string => defangText(text, 'defang').text;
const told = (text: string) => defangText(text, 'defang').links.map(({ target, suspicion }) => [target, ...suspicion]);

describe('web addresses in text', () => {
  test.each([
    ['http://a.example', 'hxxp://a[.]example'],
    ['https://a.example/x.html?y=z.w#v', 'hxxps://a[.]example/x.html?y=z.w#v'],
    ['HTTP://A.Example/', 'hxxp://a[.]example/'],
    ['ftp://a.example/x', 'fxp://a[.]example/x'],
    ['(http://a.example/x)', '(hxxp://a[.]example/x)'],
    ['「http://a.example/x」', '「hxxp://a[.]example/x」'],
    ['http://a.example/x。続き', 'hxxp://a[.]example/x。続き'],
    ['http://a.example、http://b.example', 'hxxp://a[.]example、hxxp://b[.]example'],
    ['http://a.example:8080/x', 'hxxp://a[.]example:8080/x'],
    ['http://a.example.', 'hxxp://a[.]example.'],
    ['http://a.example:', 'hxxp://a[.]example:'],
    ['http://a.example:123456/', 'hxxp://a[.]example:123456/'],
    ['http://user:pw@a.example/', 'hxxp://a[.]example/'],
    ['http://a@b@c.example/', 'hxxp://c[.]example/'],
    ['http://[2001:db8::1]/x', 'hxxp://[2001:db8::1]/x'],
    ['http://3232235777/', 'hxxp://192[.]168[.]1[.]1/'],
    ['http://a.exampleをご覧ください', 'hxxp://a[.]exampleをご覧ください'],
    ['http://a.example:80をご覧', 'hxxp://a[.]example:80をご覧'],
    ['xhttp://a.example', 'xhttp[:]//a.example'],
    ['a.http://b.example', 'a.http[:]//b.example'],
    ['http://', 'http[:]//'],
    ['http:// a', 'http[:]// a'],
    ['http:/a.example', 'http:/a.example'],
    ['hxxp://a.example', 'hxxp://a.example'],
    ['hxxps://a[.]example fxp://b', 'hxxps://a[.]example fxp://b'],
    ['gopher://a.example', 'gopher[:]//a.example'],
    ['a+b-c.d://x', 'a+b-c.d[:]//x'],
    ['://x', '://x'],
    ['あ://x', 'あ://x'],
    ['a://b c://d', 'a[:]//b c[:]//d'],
    ['hxxpx://a', 'hxxpx[:]//a'],
    ['fxps://a', 'fxps[:]//a'],
    ['http://a.example:8080をご覧', 'hxxp://a[.]example:8080をご覧'],
    ['http://[::1]:80をご覧', 'hxxp://[::1]:80をご覧'],
    ['http://a.example..をご覧', 'hxxp://a[.]example..をご覧'],
    ['www.a.example', 'www[.]a.example'],
    ['WWW.A.EXAMPLE', 'WWW[.]A.EXAMPLE'],
    ['xwww.a.example', 'xwww.a.example'],
    ['www. a', 'www. a'],
    ['（www.a.example）', '（www[.]a.example）'],
    ['plain text: nothing. a.b c:d', 'plain text: nothing. a.b c:d'],
  ])('%j is shown as %j, and stays so', (before, after) => {
    expect(defang(before)).toBe(after);
    expect(defang(after)).toBe(after);
  });

  test('each is told with where it leads and what is odd', () => {
    expect(defangText('x http://a.example/y z', 'defang').links).toEqual([
      { untrustedText: 'http://a.example/y', target: 'hxxp://a[.]example', suspicion: [] },
    ]);
    expect(told('http://www.city.lg.jp@evil.example/')).toEqual([['hxxp://evil[.]example', 'text-differs']]);
    expect(told('http://@evil.example/')).toEqual([['hxxp://evil[.]example', 'text-differs']]);
    expect(told('http://127.0.0.1/')).toEqual([['hxxp://127[.]0[.]0[.]1', 'ip-address']]);
    expect(told('http://10.20.30.40/')).toEqual([['hxxp://10[.]20[.]30[.]40', 'ip-address']]);
    expect(told('http://x1.2.3.4/')).toEqual([['hxxp://x1[.]2[.]3[.]4']]);
    expect(told('ms-file:x')).toEqual([['ms-file', 'scheme']]);
    expect(told('http://[::1]/')).toEqual([['hxxp://[::1]', 'ip-address']]);
    expect(told('http://1.2.3.4.example/')).toEqual([['hxxp://1[.]2[.]3[.]4[.]example']]);
    expect(told('http://xn--80ak6aa92e.example/')).toEqual([['hxxp://xn--80ak6aa92e[.]example', 'punycode']]);
    expect(told('http://a.xn--80ak6aa92e/')).toEqual([['hxxp://a[.]xn--80ak6aa92e', 'punycode']]);
    expect(told('http://axn--b.example/')).toEqual([['hxxp://axn--b[.]example']]);
  });

  test('an international name stands beside its real one', () => {
    expect(defang('http://日本.example/x')).toBe('hxxp://xn--wgv71a[.]example(国際化ドメイン名: 日本[.]example)/x');
    expect(defang('http://日本.example/x')).toContain('日本[.]example');
    expect(defang('http://xn--wgv71a.example/x')).toBe('hxxp://xn--wgv71a[.]example/x');
  });

  test('only the host, when the policy says so', () => {
    expect(defangText('http://a.example/secret?x=y', 'host-only').text).toBe('hxxp://a[.]example');
    expect(defangText('http://a.exampleをご覧', 'host-only').text).toBe('hxxp://a[.]exampleをご覧');
  });

  test('1,500 characters of a path are shown', () => {
    const path = (n: number): string => `/${'x'.repeat(n - 1)}`;
    expect(shownWeb('http', 'a.example', path(1500), 'defang', 'ja').shown).toBe(`hxxp://a[.]example${path(1500)}`);
    expect(shownWeb('http', 'a.example', path(1501), 'defang', 'ja').shown).toBe(`hxxp://a[.]example${path(1500)}…`);
  });

  test('two hundred are told', () => {
    expect(defangText('http://a.example '.repeat(250), 'defang').links).toHaveLength(200);
    expect(defangText('http://a.example '.repeat(250), 'defang').text).not.toContain('http');
  });
});

describe('shares, and schemes that open something', () => {
  test.each([
    ['\\\\host\\share', '[\\\\]host\\share'],
    ['￥￥host', '[￥￥]host'],
    ['¥¥host', '[¥¥]host'],
    ['\\\\\\\\host', '[\\\\\\\\]host'],
    ['\\\\日本', '[\\\\]日本'],
    ['\\\\1.2.3.4', '[\\\\]1.2.3.4'],
    ['\\\\?\\x', '[\\\\]?\\x'],
    ['\\\\_x \\\\.x \\\\-x', '[\\\\]_x [\\\\].x [\\\\]-x'],
    ['\\\\[::1]', '[\\\\][::1]'],
    ['a\\b', 'a\\b'],
    ['¥1,000', '¥1,000'],
    ['\\\\ x', '\\\\ x'],
    ['\\\\', '\\\\'],
    ['\\\\\n', '\\\\\n'],
    ['\\\\𠮷', '[\\\\]𠮷'],
  ])('%j becomes %j', (before, after) => {
    expect(defang(before)).toBe(after);
    expect(told(before)).toEqual((after.match(/\[[\\￥¥]/g) ?? []).map(() => ['\\\\', 'local-path']));
  });

  const SCHEMES =
    'file smb javascript vbscript livescript view-source mhtml ms-its search-ms shell onenote onenotedesktop outlook skype callto msteams zoommtg tn3270 telnet ms-word ms-x1-y';
  test.each(SCHEMES.split(' '))('%s: is broken up and told', (scheme) => {
    expect(defang(`x ${scheme}:y`)).toBe(`x ${scheme}[:]y`);
    expect(defang(`${scheme.toUpperCase()}:y`)).toBe(`${scheme.toUpperCase()}[:]y`);
    expect(told(`${scheme.toUpperCase()}:y`)).toEqual([
      [scheme, scheme === 'file' || scheme === 'smb' ? 'local-path' : 'scheme'],
    ]);
    // Benign twins: at the end of a sentence, as a part of a word.
    for (const text of [
      `${scheme}: y`,
      `${scheme}:`,
      `x${scheme}:y`,
      `1${scheme}:y`,
      `+${scheme}:y`,
      `.${scheme}:y`,
      `-${scheme}:y`,
    ])
      expect([text, defang(text)]).toEqual([text, text]);
  });
  test('data: with a media type only', () => {
    expect(defang('data:text/html,x')).toBe('data[:]text/html,x');
    expect(defang('Data:12')).toBe('Data:12');
    expect(defang('data:text')).toBe('data:text');
  });
  test.each(['tel:03', 'mailto:a@example.com', 'sms:1', 'note:x', 'C:\\x', '12:30', 'ms-:x', '備考:x'])(
    'benign twin: %s stays',
    (text) => {
      expect(defang(text)).toBe(text);
      expect(told(text)).toEqual([]);
    },
  );
});

describe('where a page’s link leads', () => {
  const target = (href: string, base = '') => targetOf(href, base, 'defang', 'ja');
  const shown = (href: string, base = ''): string | undefined => {
    const found = target(href, base);
    return found.kind === 'web' ? found.shown : undefined;
  };

  test.each([
    '',
    ' ',
    '#',
    '#top',
    '\t\n',
    'tel:1',
    'TEL:1',
    'sms:1',
    'cid:x',
    'mid:x',
    'about:blank',
    '/relative',
    'x.html',
    '?q',
    'http://',
    'https://%',
  ])('%j leads nowhere worth showing', (href) => {
    expect(target(href)).toEqual({ kind: 'none' });
  });

  test.each([
    ['javascript:x', 'javascript', false],
    [' java\tscript:x', 'javascript', false],
    ['JAVA\nSCRIPT:x', 'javascript', false],
    ['\x01\x00javascript:x', 'javascript', false],
    ['ｊavascript:x', 'javascript', false],
    ['vbscript:x', 'vbscript', false],
    ['data:text/html,x', 'data', false],
    ['ms-word:x', 'ms-word', false],
    ['a+b.c-d:x', 'a+b.c-d', false],
    ['file:///x', 'file', true],
    ['FILE:x', 'file', true],
    ['smb://x', 'smb', true],
    ['\\\\host\\x', 'file', true],
    ['￥￥host', 'file', true],
    ['/\\host\\x', 'file', true],
    ['//host\\x', 'file', true],
    ['\\/host\\x', 'file', true],
    ['C:\\x', 'file', true],
    ['z:x', 'file', true],
    [`${'x'.repeat(50)}:y`, `${'x'.repeat(29)}…`, false],
  ])('%j is removed as %s', (href, scheme, local) => {
    expect(target(href)).toEqual({ kind: 'removed', scheme, local });
  });

  test.each([
    ['mailto:a@example.com', 'a@example.com'],
    ['MAILTO:a@example.com?subject=x', 'a@example.com'],
    ['mailto:%61@example.com', 'a@example.com'],
    ['mailto:100%@example.com', '100%@example.com'],
    ['mailto:', ''],
  ])('%j is a mail to %j', (href, address) => {
    expect(target(href)).toEqual({ kind: 'mail', address });
  });

  test.each([
    ['http://a.example', '', 'hxxp://a[.]example'],
    ['http://a.example/', '', 'hxxp://a[.]example'],
    ['http://a.example/x?y=z#w', '', 'hxxp://a[.]example/x?y=z#w'],
    ['HTTPS://A.EXAMPLE/X', '', 'hxxps://a[.]example/X'],
    ['ftp://a.example/x', '', 'fxp://a[.]example/x'],
    ['//a.example/x', '', 'hxxps://a[.]example/x'],
    ['http://a.example:8080/x', '', 'hxxp://a[.]example:8080/x'],
    ['http://a.example:80/x', '', 'hxxp://a[.]example/x'],
    ['x.html', 'http://a.example/y/', 'hxxp://a[.]example/y/x.html'],
    ['/x', 'http://a.example/y/', 'hxxp://a[.]example/x'],
    ['http://b.example', 'http://a.example/', 'hxxp://b[.]example'],
    ['http://a.example/%E7%94%B3%E8%AB%8B', '', 'hxxp://a[.]example/申請'],
    ['http://a.example/%e3%81%82%E3%82%A2', '', 'hxxp://a[.]example/あア'],
    ['http://a.example/%20%3C%C3%A9', '', 'hxxp://a[.]example/%20%3C%C3%A9'],
    ['http://a.example/%E7%94', '', 'hxxp://a[.]example/%E7%94'],
    ['http://a.example/%E2%80%AEx', '', 'hxxp://a[.]example/%E2%80%AEx'],
    ['http://a.example/%E7%94%B3%C3%A9', '', 'hxxp://a[.]example/%E7%94%B3%C3%A9'],
    ['http://a.example/%C3%A9%E7%94%B3', '', 'hxxp://a[.]example/%C3%A9%E7%94%B3'],
    ['http://a.example/x y', '', 'hxxp://a[.]example/x%20y'],
    ['http://a.example/#', '', 'hxxp://a[.]example'],
    ['￥x', 'http://a.example/', 'hxxp://a[.]example/%EF%BF%A5x'],
    ['\\x', 'http://a.example/', 'hxxp://a[.]example/x'],
    ['x//y\\z', 'http://a.example/', 'hxxp://a[.]example/x//y/z'],
    ['/x/javascript:y', 'http://a.example/', 'hxxp://a[.]example/x/javascript:y'],
  ])('%j from %j is %j', (href, base, expected) => {
    expect(shown(href, base)).toBe(expected);
  });

  test('what belongs to the page itself, or to a page of another kind, leads nowhere', () => {
    for (const [href, base] of [
      ['', 'http://a.example/'],
      ['#top', 'http://a.example/'],
      ['x', 'ws://a.example/'],
      ['x', 'xhttp://a/'],
      ['x', 'about:blank'],
    ] as const)
      expect([href, base, target(href, base)]).toEqual([href, base, { kind: 'none' }]);
    expect(shown('//日本.example/x')).toMatch(/日本\[\.\]example/);
    expect(shown('http://user@日本.example/x')).toMatch(/日本\[\.\]example/);
  });

  test('credentials are decoration, an international name stands beside its real one', () => {
    expect(target('http://city.lg.jp@evil.example/')).toMatchObject({
      kind: 'web',
      host: 'evil.example',
      link: { suspicion: ['text-differs'] },
    });
    expect(target('http://:pw@evil.example/')).toMatchObject({ link: { suspicion: ['text-differs'] } });
    expect(target('http://evil.example/')).toMatchObject({ link: { suspicion: [] } });
    expect(shown('http://日本.example/x')).toMatch(/^hxxp:\/\/xn--wgv71a\[\.\]example.*日本\[\.\]example.*\/x$/);
    expect(shown('http://u@日本.example/x')).toMatch(/日本\[\.\]example/);
  });

  test('a hundred thousand characters are looked at, two thousand shown', () => {
    expect(target(`${' '.repeat(100_000)}javascript:x`)).toEqual({ kind: 'none' });
    expect(target(`${' '.repeat(99_980)}javascript:x`)).toMatchObject({ kind: 'removed' });
    expect([...(shown(`http://a.example/${'/x'.repeat(1000)}`) ?? '')].length).toBeLessThanOrEqual(2000);
  });
});

describe('what stands behind a link’s text', () => {
  const suffix = (href: string, text: string, base = ''): readonly [string, LinkSink] => {
    const sink = new LinkSink('defang', 'ja');
    sink.base = base;
    return [sink.suffix(href, text), sink];
  };
  const note = (href: string, text: string): string => suffix(href, text)[0];
  const differs = (href: string, text: string): boolean =>
    suffix(href, text)[1].links.some(({ suspicion }) => suspicion.includes('text-differs'));

  test('nothing where the text is the address, or there is none', () => {
    for (const [href, text] of [
      ['http://a.example/x', 'http://a.example/x'],
      ['http://a.example/x/', ' http://a.example/x '],
      ['HTTP://a.example', 'HTTP://a.example/'],
      ['#', 'x'],
      ['mailto:a@example.com', 'a@example.com'],
      ['mailto:a@example.com', 'write to a@example.com now'],
      ['mailto:', 'x'],
    ] as const)
      expect([href, text, note(href, text)]).toEqual([href, text, '']);
  });
  test('the address otherwise', () => {
    expect(note('http://a.example/x', 'here')).toBe(' <hxxp://a[.]example/x>');
    expect(note('http://a.example/x', '  ')).toBe('<hxxp://a[.]example/x>');
    expect(note('http://a.example/x', 'http://a.example/y')).toContain('<hxxp://a[.]example/x>');
    expect(note('mailto:a@example.com', 'write')).toBe(' <a@example.com>');
    const [, sink] = suffix('http://a.example/x', 'here');
    expect(sink.links).toEqual([{ untrustedText: 'here', target: 'hxxp://a[.]example', suspicion: [] }]);
  });
  test('a removed one is named and counted', () => {
    const [text, sink] = suffix('javascript:x', 'click');
    expect(text).toMatch(/^ .*javascript/);
    expect([sink.removed, sink.links]).toEqual([
      1,
      [{ untrustedText: 'click', target: 'javascript', suspicion: ['scheme'] }],
    ]);
    expect(suffix('file:///x', 'click')[1].links[0]?.suspicion).toEqual(['local-path']);
  });
  test('a text that is the address does not hide what is odd about it', () => {
    const [text, sink] = suffix('http://127.0.0.1/', 'http://127.0.0.1/');
    expect(text).not.toBe('');
    expect(sink.links[0]?.suspicion).toContain('ip-address');
  });

  test.each([
    ['http://evil.example/', 'http://www.city.lg.jp/'],
    ['http://evil.example/', 'www.city.lg.jp'],
    ['http://evil.example/', 'city.lg.jp'],
    ['http://evil.example/', 'https://city.lg.jp/x y'],
    ['http://evil.example/', 'ｗｗｗ.city.lg.jp'],
    ['http://city.lg.jp.evil.example/', 'city.lg.jp'],
    ['http://127.0.0.1/', 'www.city.lg.jp'],
  ])('%s called %j leads elsewhere', (href, text) => {
    expect(differs(href, text)).toBe(true);
  });
  test.each([
    ['http://www.city.chuo.lg.jp/x', 'city.chuo.lg.jp'],
    ['http://a.example.co.jp/', 'www.example.co.jp'],
    ['http://evil.example/', '報告書.pdf'],
    ['http://evil.example/', 'Node.js'],
    ['http://evil.example/', 'report-2026.pdf'],
    ['http://evil.example/', 'a.b.docx'],
    ['http://evil.example/', 'a@city.lg.jp'],
    ['http://evil.example/', 'see city.lg.jp for more'],
    ['http://evil.example/', 'click here'],
    ['http://evil.example/', `www.city.lg.jp ${'x'.repeat(500)}`],
  ])('benign twin: %s called %j', (href, text) => {
    expect(differs(href, text)).toBe(false);
  });

  test('two hundred are told', () => {
    const sink = new LinkSink('defang', 'ja');
    for (let i = 0; i < 250; i++) sink.suffix(`http://a.example/${i}`, 'x');
    expect(sink.links).toHaveLength(200);
    sink.script();
    expect(sink.scripts).toBe(1);
  });
});

describe('characters', () => {
  test.each([
    ['a\r\nb\rc\vd\fe\x85f\u2028g\u2029h', 'a\nb\nc\nd\ne\nf\ng\nh', 0, 0],
    ['a\tb\nc', 'a\tb\nc', 0, 0],
    ['a\0b\x07c\x1bd\x7fe', 'abcde', 4, 0],
    ['a\u200Bb\u2060c\u{E0041}d', 'abcd', 3, 0],
    ['a\u202Eb\u2066c\u200Fd\u061Ce\u2069f', 'abcdef', 0, 5],
    ['a\u00ADb\u200Dc\uFE0Ed\uFE0Fe\uFEFFf', 'abcdef', 0, 0],
    ['葛\u{E0100}辻\uFE00神', '葛\u{E0100}辻\uFE00神', 0, 0],
    ['\uF900\uFE01', '\uF900\uFE01', 0, 0],
    ['𠮷\u{E0101}', '𠮷\u{E0101}', 0, 0],
    ['a\u{E0100}b\uFE00c', 'abc', 2, 0],
    ['葛\uFE0F', '葛', 0, 0],
    ['葛\u{E0100}\u{E0101}', '葛\u{E0100}', 1, 0],
    ['\u{E0100}', '', 1, 0],
    ['\uE000\uF8FF', '\uE000\uF8FF', 0, 0],
    ['\u{F0000}\u{10FFFD}', '', 2, 0],
    ['a\ud800b\udc00c', 'abc', 2, 0],
    ['\uFFFE\uFDD0', '', 2, 0],
    ['é髙～', 'é髙～', 0, 0],
  ])('%j', (before, text, controls, bidi) => {
    expect(cleanText(before)).toEqual({ text, controls, bidi });
  });

  test.each([
    [' a \n\t b\u00a0c ', 10, 'a b c'],
    ['a\u3000\u3000b', 10, 'a\u3000\u3000b'],
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['𠮷𠮷𠮷', 3, '𠮷𠮷𠮷'],
    ['𠮷𠮷𠮷𠮷', 3, '𠮷𠮷…'],
    ['葛\u{E0100}葛\u{E0100}', 4, '葛\u{E0100}葛\u{E0100}'],
    ['', 3, ''],
    [`${' '.repeat(25)}a`, 3, ''],
    [`${' '.repeat(22)}ab`, 3, 'ab'],
    [`ab${' '.repeat(30)}`, 3, 'ab'],
    ['\u200b'.repeat(20).concat('ab'), 3, 'ab'],
  ])('the line %j within %i is %j', (before, points, line) => {
    expect(cleanLine(before, points)).toBe(line);
  });

  test('text that we show is clean, unframed and inert, and tells what went', () => {
    expect(safeText('a\x07\u202E http://a.example file:x', 'defang')).toMatchObject({
      text: 'a hxxp://a[.]example file[:]x',
      removed: [
        { what: 'control-characters', count: 1 },
        { what: 'bidi-controls', count: 1 },
        { what: 'link', count: 1 },
      ],
    });
    expect(safeText('http://a.example javascript:x \\\\h', 'defang').removed).toEqual([{ what: 'link', count: 2 }]);
    expect(safeText('a', 'defang')).toEqual({ text: 'a', links: [], removed: [] });
    expect(removals({ link: 0, script: 2 })).toEqual([{ what: 'script', count: 2 }]);
    expect(
      addRemovals(
        [{ what: 'link', count: 1 }],
        [
          { what: 'script', count: 1 },
          { what: 'link', count: 2 },
        ],
      ),
    ).toEqual([
      { what: 'link', count: 3 },
      { what: 'script', count: 1 },
    ]);
    expect([crlf('a\nb\n\n'), crlf(''), crlf('a')]).toEqual(['a\r\nb\r\n', '\r\n', 'a\r\n']);
  });
});

describe('files within text', () => {
  const LINE = 'QUJD'.repeat(19);
  const gone = (text: string): number => removeFrames(text).count;
  const kept = (text: string): string => removeFrames(text).text;

  test.each([
    ['uuencode', 'begin 644 x.exe\nM1234\n`\nend'],
    ['uuencode with four digits', 'begin 0755 x\n#AAA\n\nend'],
    ['uuencode, quoted', '> begin 644 x\n> #AAA\n> end'],
    ['uuencode without an end', `begin 644 x\nM${'A'.repeat(60)}`],
    ['base64 in a frame', 'begin-base64 644 x\nQUJD\n===='],
    ['base64 in a frame, long name', 'begin-base64-encoded 644 x\nQUJD\nQQ==\n===='],
    ['base64 in a frame without an end', 'begin-base64 644 x\nQUJD\nQUJD'],
    ['yEnc', '=ybegin line=128 name=x\nab\x80c\n=yend'],
    ['BinHex', `(This file must be converted with BinHex 4.0)\n:${'!'.repeat(63)}\n\n${'#'.repeat(40)}:`],
    ['PGP', '-----BEGIN PGP MESSAGE-----\nVersion: 1\n\nabc\n-----END PGP MESSAGE-----'],
    ['PGP in parts', '> -----BEGIN PGP MESSAGE, PART 1/2-----\n> abc\n> -----END PGP MESSAGE, PART 1/2-----'],
    ...[
      'TVqQ',
      'TVoA',
      'TVpx',
      'TVr0',
      'f0VMR',
      'UEsDB',
      'JVBERi',
      '0M8R4K',
      'UmFyIR',
      'N3q8rx',
      'H4sI',
      'TVNDRg',
      'TAAAAAEUAg',
    ].map((start) => [`bare base64 from ${start}`, `${start}${'A'.repeat(40)}`] as [string, string]),
    ['bare base64 in lines', `UEsDB${LINE}\n> ${LINE}\n${'QUJD'.repeat(5)}Q==`],
  ])('%s goes, and a line says so', (_, text) => {
    expect(gone(text)).toBe(1);
    const all = removeFrames(`前\n${text}\n後`);
    expect([all.count, all.text.startsWith('前\n['), all.text.endsWith('\n後')]).toEqual([1, true, true]);
    expect(all.text.split('\n')).toHaveLength(3);
  });

  test.each([
    ['begin 644 x\n#AAA\n#LEGEND\n#AAA\nend', 1],
    ['begin 644 x\n#AAA\nEND OF\n#AAA\nend \t', 1],
    ['begin 644 x\n#AAA\n> end', 1],
    ['begin \t 644 x\n#AAA\nend', 1],
    ['> > begin 644 x\n> > #AAA\n> > end', 1],
    ['begin-base64 \t 644 x\nQUJD\n> ==== \t', 1],
    ['begin-base64 644 x\n> QUJD\nQUJD\n====', 1],
    ['=ybegin a\nx\nx =yend\n> =yend', 1],
    [`begin 644 x\n> M${'A'.repeat(60)}\n> M${'A'.repeat(60)}`, 1],
    [`UEsDB${'A'.repeat(40)}==\n \t> ${'QUJD'.repeat(19)}==\nQQ==`, 1],
    ['begin 644 x\nabcA\nend', 0],
    ['begin 644 x\nAabc\nend', 0],
    ['begin 644 x\n#AAA\nx end', 0],
    ['begin-base64 644 x\n!QUJD\n====', 0],
    ['begin-base64 644 x\nQUJD!\n====', 0],
    [`begin 644 x\nxM${'A'.repeat(60)}`, 0],
    [`begin 644 x\nM${'A'.repeat(60)}x`, 0],
    ['=ybegin a\nx', 0],
    ['=ybegin a', 0],
  ])('%j: %i files', (text, count) => {
    const all = removeFrames(`${text}\nafter`);
    expect([all.count, all.text.endsWith('\nafter')]).toEqual([count, true]);
    if (count === 1) expect(all.text.split('\n')).toHaveLength(2);
  });

  test('what has no end goes to the text’s', () => {
    expect(kept('前\n-----BEGIN PGP MESSAGE-----\nabc\n\ndef')).toMatch(/^前\n\[[^\n]+\]$/);
  });

  test('the name is told; BinHex has its own in the data', () => {
    expect(kept('begin 644 x.exe\n#AAA\nend')).toContain('x.exe');
    expect(kept('=ybegin line=1 name=y z.exe\na\n=yend')).toMatch(/ y z\.exe /);
    expect(
      kept('(This file must be converted with BinHex 4.0)\n:$f*TEQKPH3aKBfaKBfaKBfaKBfaKBfaKBfaKBfaKBfa'),
    ).toContain('(BinHex)');
    expect(kept(`UEsDB${'A'.repeat(40)}`)).toContain('(Base64)');
    expect(kept('-----BEGIN PGP MESSAGE-----\nx')).toContain('(PGP)');
    expect(removeFrames('begin 644 x\n#AAA\nend', 'en').text).toMatch(/^\[[\x20-\x7e]+\]$/);
  });

  test.each([
    ['begin 644 is a year\nof words', '[begin] 644 is a year\nof words'],
    ['begin 644 x\nend', '[begin] 644 x\nend'],
    ['begin 644 x\nlower case is no data\nend', '[begin] 644 x\nlower case is no data\nend'],
    ['=ybegin of words', '=ybegin of words'.replace('=ybegin', '[=ybegin]')],
    [
      '(This file must be converted with BinHex 4.0)\nby hand',
      '([This file must] be converted with BinHex 4.0)\nby hand',
    ],
    ['begin-base64 644 x\n!\n====', '[begin-base64] 644 x\n!\n===='],
    ['we begin 644 x', 'we begin 644 x'],
    ['beginning 644 x', 'beginning 644 x'],
    ['begin 64 x', 'begin 64 x'],
    ['begin 6444 x', '[begin] 6444 x'],
    ['begin 64444 x', 'begin 64444 x'],
    ['begin 648 x', 'begin 648 x'],
    [`UEsDC${'A'.repeat(40)}`, `UEsDC${'A'.repeat(40)}`],
    [`UEsDB${'A'.repeat(35)}`, `UEsDB${'A'.repeat(35)}`],
    [`xUEsDB${'A'.repeat(40)}`, `xUEsDB${'A'.repeat(40)}`],
    [
      '-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----',
      '-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----',
    ],
    ['x -----BEGIN PGP MESSAGE-----', 'x -----BEGIN PGP MESSAGE-----'],
    ['-----BEGIN PGP PUBLIC KEY BLOCK-----', '-----BEGIN PGP PUBLIC KEY BLOCK-----'],
  ])('benign twin: %j keeps its words: %j', (text, expected) => {
    expect(removeFrames(text)).toEqual({ text: expected, count: 0 });
  });

  test('lines of a table keep their data; what begins a frame or a field is put in brackets', () => {
    expect(disarmLines('begin 644 x\n#AAA\nend')).toBe('[begin] 644 x\n#AAA\nend');
    expect(disarmLines('a\nContent-Type: b')).toBe('a\nContent-[Type]: b');
    expect(disarmLines('nothing of it')).toBe('nothing of it');
  });

  test.each([
    ['Content-Type: x', 'Content-[Type]: x'],
    ['content-transfer-encoding : x', 'content-[transfer-encoding] : x'],
    ['> Content-Disposition: x', '> Content-[Disposition]: x'],
    ['MIME-Version: 1.0', 'MIME-[Version]: 1.0'],
    ['a\n\tX-Content-Type: y', 'a\n\tX-Content-[Type]: y'],
    ['Content-Version: 1', 'Content-Version: 1'],
    ['MIME-Type: x', 'MIME-Type: x'],
    ['The Content-Type: x', 'The Content-Type: x'],
    ['Content-Type', 'Content-Type'],
  ])('the field %j becomes %j', (text, expected) => {
    expect(removeFrames(text).text).toBe(expected);
  });
});

describe('format=flowed', () => {
  test.each([
    ['a \r\nb', 'a b'],
    ['a\r\nb', 'a\nb'],
    ['a \nb \rc', 'a b c'],
    [' a', 'a'],
    ['  a', ' a'],
    ['> a \n> b', '> a b'],
    ['> a \nb', '> a \nb'],
    ['a \n> b', 'a \n> b'],
    ['>> a \n>> b\n> c', '>> a b\n> c'],
    ['a \n-- \nname', 'a \n-- \nname'],
    ['-- \nb', '-- \nb'],
    ['> -- \n> b', '> -- \n> b'],
    ['a ', 'a '],
    ['', ''],
    ['a\n\nb', 'a\n\nb'],
    ['>a', '> a'],
  ])('%j is %j', (before, after) => {
    expect(unflow(before, false)).toBe(after);
  });
  test('DelSp: the blank of a break goes', () => {
    expect(unflow('日 \n本', true)).toBe('日本');
    expect(unflow('日  \n本', true)).toBe('日 本');
    expect(unflow('-- \nx', true)).toBe('-- \nx');
  });
});

describe('a link’s text that names a place', () => {
  const told = (text: string, href: string): { readonly differs: boolean; readonly suffix: string } => {
    const sink = new LinkSink('defang', 'en');
    const suffix = sink.suffix(href, text);
    return { differs: sink.links.some(({ suspicion }) => suspicion.includes('text-differs')), suffix };
  };
  test.each([
    ['www.bank.example.com', 'http://evil.example.net/'],
    ['https://bank.co.jp/login', 'https://evil.co.jp/'],
    ['HTTP://BANK.CO.JP', 'https://evil.co.jp/'],
    ['bank.co.jp', 'https://evil.co.jp/'],
    [' bank.co.jp/ ', 'https://evil.co.jp/'],
    ['ｂａｎｋ.co.jp', 'https://evil.co.jp/'],
    // Two customers of one host are two places.
    ['city.github.io', 'https://evil.github.io/'],
    ['https://city.github.io/x', 'https://evil.github.io/'],
  ])('B08: %j is not %s', (text, href) => {
    expect(told(text, href).differs).toBe(true);
  });
  test.each([
    ['bank.co.jp', 'https://www.bank.co.jp/x'],
    ['https://BANK.co.jp/', 'https://login.bank.co.jp/'],
    ['city.github.io', 'https://city.github.io/page'],
    ['report.pdf', 'https://files.example.net/'],
    ['Node.js', 'https://files.example.net/'],
    ['see bank.co.jp', 'https://evil.co.jp/'],
    ['bank.co.jp is ours', 'https://evil.co.jp/'],
    ['mail a@bank.co.jp', 'https://evil.co.jp/'],
    ['words https://bank.co.jp', 'https://evil.co.jp/'],
    ['here', 'https://evil.co.jp/'],
    ['192.0.2.1', 'http://192.0.2.1/'],
  ])('%j may lead to %s', (text, href) => {
    expect(told(text, href).differs).toBe(false);
  });
  test('an address of mail is named when the text does not', () => {
    expect(told('write', 'mailto:a@x.jp').suffix).toBe(' <a@x.jp>');
    expect(told('write to a@x.jp', 'mailto:a@x.jp').suffix).toBe('');
    expect(told('write', 'mailto:').suffix).toBe('');
  });
  test('a text that is the address itself says all', () => {
    expect(told('https://bank.co.jp/', 'https://bank.co.jp').suffix).toBe('');
    expect(told('https://bank.co.jp', ' https://bank.co.jp/ ').suffix).toBe('');
    expect(told('go https://bank.co.jp/', 'go https://bank.co.jp/').suffix).not.toContain('<https://');
    expect(told('', 'https://bank.co.jp/').suffix.startsWith(' ')).toBe(false);
  });
});
