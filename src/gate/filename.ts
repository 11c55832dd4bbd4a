/**
 * File names of our attachments: docs/output-grammar.md §5 (RFC 2231). A name that shows another type than the file has,
 * or that a reader's system takes for a device or a path, is the oldest trick there is.
 */
import { codePoints, decodeUtf8, hasSelector, isCleanLine } from './characters.ts';
import { LINE } from './fold.ts';

const MAX_CODE_POINTS = 120;

const ENCODED = /^(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+$/;
const ONE = " filename*=UTF-8''";

const PROGRAMS = new Set(
  (
    'exe com scr pif cpl dll sys drv bat cmd ps1 psm1 vbs vbe js jse wsf wsh sct hta msi msp mst jar lnk url scf reg inf hlp ' +
    'chm iso img vhd vhdx docm xlsm pptm xlam html htm svg py pl sh php'
  ).split(' '),
);
const DEVICE = /^(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³]) *$/i;

/**
 * Reads the lines of a Content-Disposition after its first one.
 * @param lines without CRLF.
 * @returns the decoded name, or a sentence.
 */
export function readFileName(lines: readonly string[], extension: string): string | { readonly problem: string } {
  const encoded = lines
    .map((line) => line.slice(line.indexOf('=') + 1))
    .map((value, i) => segment(value, i, lines.length));
  const joined = encoded.join('');
  const bytes = ENCODED.test(joined) ? percentDecoded(joined) : undefined;
  const name = bytes && decodeUtf8(bytes);
  if (name === undefined) return { problem: 'file name: not in the grammar' };
  const again = writeLines(name);
  if (again.length !== lines.length || again.some((line, i) => line !== lines[i])) {
    return { problem: 'file name: spelled in another way' };
  }
  const problem = nameProblem(name, extension);
  return problem === '' ? name : { problem: `file name: ${problem}` };
}

function segment(value: string, i: number, count: number): string {
  const body = i === 0 && value.startsWith("UTF-8''") ? value.slice(7) : value;
  return i < count - 1 && body.endsWith(';') ? body.slice(0, -1) : body;
}

function percentDecoded(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

/** One line when it fits, else segments that hold as many whole code points as fit. */
function writeLines(name: string): readonly string[] {
  const encoded = [...name].map((character) =>
    /[A-Za-z0-9._-]/.test(character)
      ? character
      : Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
  const whole = ONE + encoded.join('');
  if (whole.length <= LINE) return [whole];
  const lines: string[] = [];
  for (let at = 0; ; ) {
    const begin = ` filename*${lines.length}*=${lines.length === 0 ? "UTF-8''" : ''}`;
    const rest = encoded.slice(at).join('');
    if (begin.length + rest.length <= LINE) {
      return [...lines, begin + rest];
    }
    let line = begin;
    // What is left is longer than the line, so there is always a next one.
    while (line.length + encoded[at]!.length + 1 <= LINE) line += encoded[at++]!;
    lines.push(`${line};`);
  }
}

function nameProblem(name: string, extension: string): string {
  if (name !== name.normalize('NFC')) return 'not NFC';
  if (codePoints(name) > MAX_CODE_POINTS) return 'too long';
  if (!isCleanLine(name) || hasSelector(name)) return 'a forbidden character';
  if (/[\\/:*?"<>|]/.test(name) || /^[. ]|[. ]$| {2}/.test(name)) return 'a character that paths give a meaning';
  if (!name.endsWith(`.${extension}`)) return 'another extension than the type has';
  const stem = name.slice(0, -(extension.length + 1));
  // Its front is the name's: judged above, and so it is not empty.
  if (/[. ]$/.test(stem)) return 'the stem ends in a dot or space';
  const hidden = stem
    .split('.')
    .slice(1)
    .some((part) => PROGRAMS.has(part.toLowerCase()));
  if (hidden) return 'a second extension of a program';
  return DEVICE.test(name.slice(0, name.indexOf('.'))) ? 'the name of a device' : '';
}
