/** Texts and tables: what a mail program, a spreadsheet or a terminal would act upon (docs/output-grammar.md §6, §7). */
import { readFileSync } from 'node:fs';
import { forbiddenCharacter, lineFaults, textFaults } from './grammar/characters.ts';
import type { Judge } from './judge.ts';
import { letterSubject } from './letter.ts';
import { leavesOf } from './pdf.ts';

const MARK = '\ufeff';

/** A cell that a spreadsheet computes; numbers, and lines of dashes, are what they look like. */
const FORMULA = /^[=+\-@＝＋－＠﹢﹣﹦﹫−]/;
const NUMBER =
  /^(?:[+-]?[¥￥\\]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[%％]?|[＋－−][０-９][０-９，]*(?:．[０-９]+)?|[-－−]+)$/;

function utf8(bytes: Buffer): string | undefined {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

function fileFaults(bytes: Buffer): readonly string[] {
  const text = utf8(bytes);
  if (text === undefined) return ['no UTF-8'];
  return text.startsWith(MARK) ? textFaults(text.slice(1)) : ['no byte order mark', ...textFaults(text)];
}

function tableFaults(bytes: Buffer): readonly string[] {
  const text = utf8(bytes);
  if (text === undefined) return ['no UTF-8'];
  if (!text.startsWith(`${MARK}"`) || !text.endsWith('"\r\n')) return ['begins or ends otherwise'];
  const faults: string[] = [];
  let [at, rows, cells] = [MARK.length, 0, 0];
  while (at < text.length && faults.length <= 5) {
    const end = closingQuote(text, at + 1);
    const written = text.slice(at + 1, end);
    const isLast = text.startsWith('"\r\n', end);
    if (text[at] !== '"' || !(isLast || text.startsWith('","', end))) {
      return [...faults, `quote in a cell «${text.slice(at, at + 40)}»`];
    }
    cells += 1;
    if (cells > 16_384) return [...faults, `${cells} cells in a row`];
    faults.push(...cellFaults(written));
    if (isLast) [rows, cells] = [rows + 1, 0];
    at = end + (isLast ? 3 : 2);
  }
  return rows > 1_048_576 ? [...faults, `${rows} rows`] : faults;
}

/** Where the first quote stands, from here on, that is not doubled (RFC 4180 §2.7); the end when there is none. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at < 0 ? text.length : at;
}

function cellFaults(written: string): readonly string[] {
  const faults: string[] = [];
  const cell = written.replaceAll('""', '"');
  const character = /[\t\r]/.test(cell) ? 'TAB or CR' : forbiddenCharacter(cell);
  if (character !== '') faults.push(`character ${character} in a cell`);
  faults.push(...cell.split('\n').flatMap(lineFaults));
  const value = cell.trimStart();
  if (FORMULA.test(value) && !NUMBER.test(value)) faults.push(`formula «${value.slice(0, 40)}»`);
  if (cell.length > 32_767) faults.push(`cell of ${cell.length} characters`);
  return faults;
}

export const textRules: Judge = {
  name: 'text rules',
  looksFor: 'controls, bidi, formulas, uuencode and yEnc frames, UNC and file: links in texts and tables',
  needs: [],
  async judge(subjects) {
    const texts = leavesOf(subjects, 'text').map((place) => ({ ...place, faults: fileFaults }));
    const tables = leavesOf(subjects, 'csv').map((place) => ({ ...place, faults: tableFaults }));
    return [...texts, ...tables].flatMap(({ subject, leaf, faults }) =>
      faults(readFileSync(leaf.file)).map((what) => ({ subject, what: `${leaf.name}: ${what}` })),
    );
  },
  async positiveControls(folder) {
    const texts = Object.entries(TEXTS).map(([says, text], i) => ({
      subject: letterSubject(folder, `text ${i}`, {
        files: [{ name: 'a.txt', type: 'text', bytes: Buffer.from(text, 'utf8') }],
      }),
      says: new RegExp(says),
    }));
    const tables = Object.entries(TABLES).map(([says, text], i) => ({
      subject: letterSubject(folder, `table ${i}`, {
        files: [{ name: 'a.csv', type: 'csv', bytes: Buffer.from(text) }],
      }),
      says: new RegExp(says),
    }));
    return [...texts, ...tables];
  },
};

const TEXTS: Readonly<Record<string, string>> = {
  'no byte order mark': 'x\r\n',
  'U\\+001B': `${MARK}\x1b[2J\r\n`,
  'U\\+0000': `${MARK}a\0b\r\n`,
  'U\\+202E': `${MARK}a\u202etxt.exe\r\n`,
  'U\\+200B': `${MARK}a\u200bb\r\n`,
  'U\\+E0041': `${MARK}a\u{e0041}\r\n`,
  'U\\+00AD': `${MARK}pass\u00adword\r\n`,
  'bare line end': `${MARK}a\nb\r\n`,
  'frame «begin 644': `${MARK}begin 644 a.exe\r\nM\r\nend\r\n`,
  'frame «> begin-base64': `${MARK}> begin-base64 644 a.exe\r\n`,
  'frame «=ybegin': `${MARK}=ybegin line=128 size=1 name=a.exe\r\n`,
  BinHex: `${MARK}(This file must be converted with BinHex 4.0)\r\n`,
  'field of a mail «Content-Type': `${MARK}Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n`,
  'field of a mail «>MIME-Version': `${MARK}>MIME-Version: 1.0\r\n`,
  'field of a mail «"Content-Transfer': `${MARK}"Content-Transfer-Encoding : base64\r\n`,
  'link http': `${MARK}http://t.example.invalid/\r\n`,
  'link hhttp': `${MARK}hhttp://t.example.invalid/\r\n`,
  UNC: `${MARK}\\\\t.example.invalid\\a\r\n`,
  'scheme file': `${MARK}file:/etc/passwd\r\n`,
  'scheme ms-msdt': `${MARK}ms-msdt:/id\r\n`,
  'scheme search-ms': `${MARK}search-ms:query=a\r\n`,
  'scheme data': `${MARK}data:text/html,x\r\n`,
  'www\\.': `${MARK}see www.example.invalid\r\n`,
};

const TABLES: Readonly<Record<string, string>> = {
  'formula «=cmd': `${MARK}"=cmd|' /C calc'!A0"\r\n`,
  'formula «@SUM': `${MARK}"a","@SUM(A1)"\r\n`,
  'formula «＝1': `${MARK}"　＝1+1"\r\n`,
  'formula «\\+1\\+1': `${MARK}"a"\r\n"+1+1"\r\n`,
  'formula «=HYPERLINK': `${MARK}"a""","=HYPERLINK(1)"\r\n`,
  'U\\+202E in a cell': `${MARK}"a\u202eb"\r\n`,
  'TAB or CR': `${MARK}"a\t=1"\r\n`,
  'frame «begin 644': `${MARK}"a\nbegin 644 a.exe\nM"\r\n`,
  'field of a mail': `${MARK}"a","x\nContent-Disposition: attachment"\r\n`,
  'begins or ends': `${MARK}a,b\r\n`,
  'quote in a cell': `${MARK}"a"b"\r\n`,
};
