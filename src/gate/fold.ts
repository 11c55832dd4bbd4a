/**
 * The one folding of a header field (docs/output-grammar.md §1). The reader takes a field apart into tokens, says where
 * a line must begin, writes the field again and compares: so no rule about folds has to be checked in itself.
 */

/** docs/output-grammar.md §1, RFC 5322 §2.1.1 recommends 78. */
export const LINE = 76;

export interface Token {
  readonly text: string;
  /** Begins a new line in any case: a further encoded word, a further mailbox. */
  readonly newLine: boolean;
}

/** Name, colon, tokens, folded greedily; without the CRLF at the end. */
export function fold(name: string, tokens: readonly Token[]): string {
  let field = `${name}:`;
  let column = field.length;
  for (const { text, newLine } of tokens) {
    if (newLine || column + 1 + text.length > LINE) {
      field += '\r\n';
      column = 0;
    }
    field += ` ${text}`;
    column += 1 + text.length;
  }
  return field;
}

export const token = (text: string): Token => ({ text, newLine: false });

/** The tokens of a raw field body; `undefined` when spaces stand where one writes none. */
export function tokensOf(name: string, field: string): readonly string[] | undefined {
  const flat = field.slice(name.length + 1).replaceAll('\r\n ', ' ');
  if (!flat.startsWith(' ')) return undefined;
  const tokens = flat.slice(1).split(' ');
  return tokens.every((text) => /^[\x21-\x7e]+$/.test(text)) ? tokens : undefined;
}
