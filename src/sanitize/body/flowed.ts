/**
 * format=flowed (RFC 3676): lines that the sender's program broke become paragraphs again.
 *
 * Danger: an address broken over two lines is no link to a filter and one link to a reader that joins them (B42). Our
 * output is not flowed, so what is joined here is what every reader sees, and links are looked for afterwards.
 */

/** RFC 3676 §4.3: stands alone, though it ends with a blank. */
const SIGNATURE = '-- ';

interface Line {
  readonly depth: number;
  readonly text: string;
}

/**
 * @param text any line ends. @param deleteSpace the parameter DelSp: the blank that marks a break goes (Japanese has none).
 * @returns LF line ends; quote marks `>` stay, in front of each paragraph. Linear in the text's length.
 */
export function unflow(text: string, deleteSpace: boolean): string {
  const paragraphs: string[] = [];
  let pieces: string[] = [];
  let depth = 0;
  const end = (): void => {
    if (pieces.length > 0) paragraphs.push(quoted(depth, pieces.join('')));
    pieces = [];
  };
  for (const line of text.split(/\r\n|[\r\n]/).map(parsed)) {
    // §4.5: a change of depth ends a paragraph, whatever its last line promised; so does the mark of a signature.
    if (line.depth !== depth || line.text === SIGNATURE) end();
    depth = line.depth;
    const flows = line.text.endsWith(' ') && line.text !== SIGNATURE;
    pieces.push(flows && deleteSpace ? line.text.slice(0, -1) : line.text);
    if (!flows) end();
  }
  end();
  return paragraphs.join('\n');
}

/** §4.4, §4.5: quote marks first, then one blank that was stuffed in. */
function parsed(line: string): Line {
  const depth = /^>*/.exec(line)?.[0].length ?? 0;
  const rest = line.slice(depth);
  return { depth, text: rest.startsWith(' ') ? rest.slice(1) : rest };
}

const quoted = (depth: number, text: string): string => (depth === 0 ? text : `${'>'.repeat(depth)} ${text}`);
