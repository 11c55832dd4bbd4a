/** Changes of an HTML text by its tokens: elements, attributes, styles, links, entities; what hides, acts or nests too deep. */
import type { Random } from '../random.ts';
import { changedText, damaged } from './bytes.ts';

const TOKEN = /<!--[\s\S]*?(?:-->|$)|<[^>]*(?:>|$)|[^<]+/g;

const ELEMENTS =
  'a b i p div span table tr td th tbody ul ol li dl dt dd br hr pre blockquote h1 h6 img script style noscript template svg math title textarea select option button form input iframe object embed video audio map area base meta link frame frameset center font xmp plaintext listing details summary dialog ruby rt rp bdo bdi sup sub del ins q code colgroup col caption figure label fieldset marquee blink x-a v:shape o:p'.split(
    ' ',
  );
const STYLES =
  'display:none|display : none !important|visibility:hidden|font-size:0|font-size:1px|opacity:0|color:#fff|color:white;background:#ffffff|position:absolute;left:-9999px|text-indent:-999em|max-height:0;overflow:hidden|width:0;height:0;overflow:hidden|mso-hide:all|clip:rect(0 0 0 0)|transform:scale(0)|display:/**/none|d\\69splay:none|background:url(http://t.example.invalid/a.gif)|color:rgba(0,0,0,0)|line-height:0|zoom:.01|;;:;|{}'.split(
    '|',
  );
const LINKS =
  'http://example.jp/|https://example.jp/a?b=c#d|//example.invalid/|javascript:alert(1)|java\tscript:alert(1)|&#106;avascript:alert(1)|data:text/html;base64,PGI+|file:///etc/passwd|\\\\server.example.invalid\\x|smb://x|ms-msdt:/id|search-ms:query=x|mailto:a@example.jp|tel:1|cid:a@b|http://xn--fsq.example.invalid/|http://\u4f8b\u3048.example.invalid/|http://1.2.3.4/|http://0x7f000001/|http://user:pw@example.invalid/|http:/\\example.invalid|vbscript:x|about:blank|http://[::1]/|http://ex\u202eample.invalid/| http://example.jp|hTTp:example.jp'.split(
    '|',
  );
const ATTRIBUTES =
  'href src style class id hidden width height bgcolor color background align onclick onload name content charset http-equiv colspan rowspan alt title type value action srcset poster data size face dir lang start'.split(
    ' ',
  );
const TEXTS =
  '&amp;|&lt;script&gt;|&#x202e;|&#0;|&#xd800;|&#x110000;|&nbsp;|&bogus;|&#60|http://example.jp/x|www.example.jp|\\\\s.example.invalid\\y|begin 644 a.exe|\u200b|\u202e|\ufeff|\u3042\u3044|\u{1f600}|\u845b\u{e0100}| |\t|\n|\0|]]>|--!>|-->|<|<!|<?|</|<![CDATA[x]]>|<!DOCTYPE html>'.split(
    '|',
  );
const SHEETS =
  '.a{display:none}|p{color:#fff}|#x>b{font-size:0}|@media print{p{display:none}}|@import url(x);|a{|}|/*|*{visibility:hidden}|td:nth-child(2){opacity:0}|.a,.b .c{mso-hide:all}|:root{--x:1}|@font-face{}|p{background:url(//t.example.invalid)}'.split(
    '|',
  );

type Change = (random: Random, tokens: string[], other: readonly string[]) => void;

const attribute = (random: Random): string => {
  const name = random.pick(ATTRIBUTES);
  const value = /style/.test(name)
    ? random.pick(STYLES)
    : /href|src|action|data|poster|background/.test(name)
      ? random.pick(LINKS)
      : random.pick([
          'a',
          '0',
          '1',
          '100%',
          '-1',
          '1e9',
          '#fff',
          'white',
          'utf-7',
          'refresh',
          '0;url=http://x.example.invalid',
          'rtl',
          '',
        ]);
  const quote = random.pick(['"', '"', "'", '']);
  return ` ${name}${random.oneIn(10) ? '' : `=${quote}${value}${quote}`}`;
};

const element = (random: Random): string =>
  `<${random.oneIn(4) ? '/' : ''}${random.pick(ELEMENTS)}${random.oneIn(2) ? attribute(random) : ''}${random.oneIn(4) ? attribute(random) : ''}${random.oneIn(12) ? '/' : ''}>`;

const at = (random: Random, tokens: readonly string[]): number => random.below(tokens.length + 1);

const CHANGES: readonly Change[] = [
  (random, tokens) => void tokens.splice(at(random, tokens), random.below(2), element(random)),
  (random, tokens) => void tokens.splice(at(random, tokens), 0, random.pick(TEXTS)),
  (random, tokens) => void tokens.splice(random.below(tokens.length), 1 + random.below(3)),
  (random, tokens) => {
    const from = random.below(tokens.length);
    tokens.splice(at(random, tokens), 0, ...tokens.slice(from, from + 1 + random.below(6)));
  },
  (random, tokens, other) => {
    const from = random.below(other.length);
    tokens.splice(at(random, tokens), 0, ...other.slice(from, from + 1 + random.below(8)));
  },
  (random, tokens) => {
    const i = random.below(tokens.length);
    const token = tokens[i] ?? '';
    tokens[i] = token.startsWith('<')
      ? token.replace(/\/?>$/, `${attribute(random)}>`)
      : changedText(random, token, 'text');
  },
  (random, tokens) => {
    const i = random.below(tokens.length);
    tokens[i] = changedText(random, tokens[i] ?? '', 'text');
  },
  (random, tokens) => {
    const [from, to] = [at(random, tokens), at(random, tokens)].sort((a, b) => a - b) as [number, number];
    const name = random.pick(ELEMENTS);
    tokens.splice(to, 0, `</${name}>`);
    tokens.splice(from, 0, `<${name}${random.oneIn(2) ? attribute(random) : ''}>`);
  },
  (random, tokens) =>
    void tokens.splice(at(random, tokens), 0, `<style>${random.pick(SHEETS)}${random.pick(SHEETS)}</style>`),
  (random, tokens) =>
    void tokens.splice(at(random, tokens), 0, `<a href="${random.pick(LINKS)}">${random.pick(LINKS)}</a>`),
  (random, tokens) => {
    if (!random.oneIn(10)) return;
    const name = random.pick(ELEMENTS);
    tokens.splice(at(random, tokens), 0, `<${name}>`.repeat(random.pick([20, 100, 400])));
  },
  (random, tokens) =>
    void tokens.splice(
      at(random, tokens),
      0,
      random.pick([
        '<!--',
        '-->',
        '<script>',
        '</script>',
        '<style>',
        '<textarea>',
        '<plaintext>',
        '<title>',
        '<svg><',
        '<math><mi><',
        '<noscript>',
        '<template>',
      ]),
    ),
];

export function changedHtml(random: Random, input: Buffer, other: Buffer): Buffer {
  if (random.oneIn(20)) return damaged(random, input, other, 2);
  const tokens = input.toString().match(TOKEN) ?? [''];
  const from = other.toString().match(TOKEN) ?? [''];
  for (let left = random.few(6); left > 0; left--) random.pick(CHANGES)(random, tokens, from);
  return Buffer.from(tokens.join(''));
}
