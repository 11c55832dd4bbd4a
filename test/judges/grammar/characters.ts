/** Character, line and link rules of docs/output-grammar.md §5, §6, written down from that text. */

/** First code point that may not stand in our texts, names and subjects; '' when all may. TAB, CR and LF are the caller's. */
export function forbiddenCharacter(text: string): string {
  let before = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (isVariation(point)) {
      if (!/^[\p{Unified_Ideograph}\uf900-\ufaff]$/u.test(before)) return named(point);
    } else if (forbidden(character, point)) return named(point);
    before = character;
  }
  return '';
}

const named = (point: number): string => `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;

const isVariation = (point: number): boolean =>
  (point >= 0xfe00 && point <= 0xfe0d) || (point >= 0xe0100 && point <= 0xe01ef);

const forbidden = (character: string, point: number): boolean =>
  (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u.test(character) &&
    !'\t\r\n'.includes(character)) ||
  point >= 0xf0000;

/** Anything that a mail program might decode by itself out of a text. */
const FRAME =
  /^[ \t>]*(?:begin(?:-base64|-base64-encoded)?[ \t]+[0-7]{3,4}[ \t]|=ybegin[ \t]|\(this file must be converted with binhex)/im;

/** A field that makes lines a mail, whatever printable ASCII stands before its name. */
const FIELD = /^[ \t>]*[!-9;-~]{0,80}?(?:content-(?:type|transfer-encoding|disposition)|mime-version)[ \t]*:/i;

const SCHEME =
  /(?<![a-z0-9+.-])(?:file|smb|javascript|vbscript|livescript|view-source|mhtml|ms-its|search-ms|shell|onenote|onenotedesktop|outlook|skype|callto|msteams|zoommtg|tn3270|telnet|ms-[a-z0-9-]+):(?=\S)/i;

/** Faults of a text that people read: a body or a `.txt`. */
export function textFaults(text: string): readonly string[] {
  const faults: string[] = [];
  const character = forbiddenCharacter(text);
  if (character !== '') faults.push(`character ${character}`);
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) faults.push('bare line end');
  if (!text.endsWith('\r\n')) faults.push('no line end at the end');
  faults.push(...text.split('\r\n').flatMap(lineFaults));
  for (const match of text.matchAll(/:\/\//g)) {
    const scheme = schemeBefore(text, match.index);
    if (scheme !== '' && !/^(?:hxxps?|fxp)$/i.test(scheme)) faults.push(`link ${scheme}://`);
  }
  if (/[\\￥¥]{2}(?=[\p{L}\p{N}_.?\-[])/u.test(text)) faults.push('UNC path');
  if (/(?<![a-z0-9])www\.(?=[a-z0-9])/i.test(text)) faults.push('www. that becomes a link');
  const scheme = SCHEME.exec(text);
  if (scheme !== null) faults.push(`scheme ${scheme[0]}`);
  if (/(?<![a-z0-9+.-])data:(?=[a-z]+\/)/i.test(text)) faults.push('scheme data:');
  return faults;
}

/** Faults of one line of a text, or of a table's cell. */
export function lineFaults(line: string): readonly string[] {
  const frame = FRAME.exec(line);
  const field = FIELD.exec(line);
  return [
    ...(frame === null ? [] : [`encoded file frame «${frame[0].trim()}»`]),
    ...(field === null ? [] : [`field of a mail «${field[0].trim()}»`]),
  ];
}

function schemeBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && /[A-Za-z0-9+.-]/.test(text[start - 1] ?? '')) start--;
  return text.slice(start, end);
}

const PROGRAMS = new Set(
  'exe com scr pif cpl dll sys drv bat cmd ps1 psm1 vbs vbe js jse wsf wsh sct hta msi msp mst jar lnk url scf reg inf hlp chm iso img vhd vhdx docm xlsm pptm xlam html htm svg py pl sh php'.split(
    ' ',
  ),
);
const DEVICE = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/** Faults of the decoded name of a file whose type has this extension; `folder`: a name without extension. */
export function nameFaults(name: string, extension: string): readonly string[] {
  const faults: string[] = [];
  const points = [...name].length;
  if (name !== name.normalize('NFC')) faults.push('not NFC');
  if (points < 1 || points > (extension === '' ? 60 : 120)) faults.push(`${points} characters`);
  const character = forbiddenCharacter(name);
  if (character !== '') faults.push(`character ${character}`);
  if (/[\t\r\n\\/:*?"<>|]|\p{Variation_Selector}/u.test(name)) faults.push('sign that names may not hold');
  const stem = extension === '' ? name : name.slice(0, -extension.length - 1);
  if (extension !== '' && !name.endsWith(`.${extension}`)) faults.push(`does not end in .${extension}`);
  if (stem === '' || /^[. ]|[. ]$/.test(stem) || / {2}/.test(name)) faults.push('dots or spaces out of place');
  const program = stem
    .split('.')
    .slice(1)
    .find((segment) => PROGRAMS.has(segment.toLowerCase()));
  if (program !== undefined) faults.push(`inner extension ${program}`);
  if (DEVICE.test((name.split('.')[0] ?? '').replace(/ +$/, ''))) faults.push('name of a device');
  return faults.map((fault) => `name «${name.slice(0, 60)}»: ${fault}`);
}

/** How names are compared: two that look alike on some system are the same. */
export const folded = (name: string): string => name.normalize('NFKC').toLowerCase();
