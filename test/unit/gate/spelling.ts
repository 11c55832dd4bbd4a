/** docs/output-grammar.md §3 and §5 written by hand, apart from composer and gate: encoded words and file names as they must be spelled. */

const LINE = 76;

/** @param column octets of the line before the first word, with the space before it */
export function wordsOf(text: string, column: number): readonly string[] {
  const words: string[] = [];
  let [piece, before] = ['', column];
  for (const character of text) {
    // §3: at most 3 * floor((76 - c - 12) / 4) octets of UTF-8 in a word.
    if (Buffer.byteLength(piece + character) > 3 * Math.floor((LINE - before - 12) / 4)) {
      words.push(piece);
      [piece, before] = ['', 1];
    }
    piece += character;
  }
  return [...words, piece].map((content) => `=?UTF-8?B?${Buffer.from(content).toString('base64')}?=`);
}

/** Lines of a Content-Disposition behind its first one. */
export function nameLines(name: string): readonly string[] {
  const pieces = [...name].map((character) =>
    /^[A-Za-z0-9._-]$/.test(character)
      ? character
      : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  const one = ` filename*=UTF-8''${pieces.join('')}`;
  if (one.length <= LINE) return [one];
  const lines: string[] = [];
  let rest = pieces;
  while (rest.length > 0) {
    const begin = ` filename*${lines.length}*=${lines.length === 0 ? "UTF-8''" : ''}`;
    const all = begin + rest.join('');
    if (all.length <= LINE) return [...lines, all];
    let count = 0;
    while ((begin + rest.slice(0, count + 1).join('')).length < LINE) count += 1;
    lines.push(`${begin}${rest.slice(0, count).join('')};`);
    rest = rest.slice(count);
  }
  return lines;
}

/** §1: a field folded greedily; a token that begins with LF begins a new line in any case. */
export function foldedField(name: string, tokens: readonly string[]): string {
  const lines = [`${name}:`];
  for (const token of tokens) {
    const text = token.replace('\n', '');
    const line = lines.at(-1) ?? '';
    if (token !== text || `${line} ${text}`.length > LINE) lines.push(` ${text}`);
    else lines[lines.length - 1] = `${line} ${text}`;
  }
  return lines.join('\r\n');
}
