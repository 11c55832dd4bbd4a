/**
 * Text of a page that is too deep or too large for a tree: tags end lines, raw-text elements are dropped, links are shown.
 * What styles hide is not known here and is shown. Linear: only the tokenizer runs.
 */
import { Tokenizer, TokenizerMode } from 'parse5';
import type { LinkSink } from './anchor.ts';
import { Writer } from './writer.ts';

const RAW_TEXT: Readonly<Record<string, typeof Tokenizer.prototype.state>> = {
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  noscript: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  title: TokenizerMode.RCDATA,
  template: TokenizerMode.DATA,
};
const INLINE = new Set(
  'a abbr b bdi bdo cite code del dfn em font i img ins kbd mark q rb rp rt ruby s samp small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
);

export function flatText(html: string, links: LinkSink, maxUnits: number): readonly string[] {
  const writer = new Writer();
  let skipped = '';
  let href = '';
  let anchorText = '';
  const text = (chars: string): void => {
    if (skipped !== '' || writer.units > maxUnits) return;
    writer.text(chars);
    if (href !== '' && anchorText.length < 1000) anchorText += chars;
  };
  const endAnchor = (): void => {
    if (href !== '') writer.text(links.suffix(href, anchorText));
    href = '';
    anchorText = '';
  };
  const ignore = (): void => {};
  const tokenizer = new Tokenizer(
    {},
    {
      onComment: ignore,
      onDoctype: ignore,
      onEof: ignore,
      onNullCharacter: ignore,
      onCharacter: (token) => text(token.chars),
      onWhitespaceCharacter: (token) => text(token.chars),
      onStartTag(token) {
        const raw = Object.hasOwn(RAW_TEXT, token.tagName) ? RAW_TEXT[token.tagName] : undefined;
        if (raw !== undefined && skipped === '') {
          skipped = token.tagName;
          if (token.tagName === 'script') links.script();
          tokenizer.state = raw;
        } else if (token.tagName === 'a' && skipped === '') {
          endAnchor();
          href = token.attrs.find(({ name }) => name === 'href')?.value ?? '';
        } else if (!INLINE.has(token.tagName)) writer.block(false);
      },
      onEndTag(token) {
        if (token.tagName === skipped) skipped = '';
        else if (token.tagName === 'a') endAnchor();
        else if (!INLINE.has(token.tagName)) writer.block(false);
      },
    },
  );
  tokenizer.write(html, true);
  endAnchor();
  return writer.finish();
}
