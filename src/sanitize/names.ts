/**
 * Names of the files we write: docs/output-grammar.md §5.
 *
 * Danger: `a.pdf.exe`, `fdp.exe` shown backwards, `..\..\x`, `CON`, `a.exe\0.txt` (threats.tsv M50–M57, A01, A02). Method: the
 * stem is what remains of the sender's name after cleaning, the extension comes from what we wrote, never from the name.
 */
import { SAFE_TYPES } from '../message/file-type.ts';
import { cleanText } from './body/characters.ts';
import type { SafeFile } from './converter.ts';

const MAX_CODE_POINTS = 120;
const RESERVED = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *$/i;
const DANGEROUS_SEGMENT = new RegExp(
  `^(?:${[
    'exe com scr pif cpl dll sys drv bat cmd ps1 psm1 vbs vbe js jse wsf wsh sct hta msi msp mst jar lnk url scf reg inf hlp',
    'chm iso img vhd vhdx docm xlsm pptm xlam html htm svg py pl sh php',
  ]
    .join(' ')
    .replaceAll(' ', '|')})$`,
  'i',
);

/** The sender's name without its extension (one dot and one to five letters or digits). Still untrusted. */
export const stemOf = (untrustedName: string): string => untrustedName.replace(/\.[A-Za-z0-9]{1,5}[\s\0]*$/, '');

/** One final name for each file, in the same order: clean, unique in the message, extension by type. */
export function outputNames(files: readonly Pick<SafeFile, 'untrustedStem' | 'type'>[]): readonly string[] {
  const taken = new Set<string>();
  return files.map((file, index) => {
    const extension = SAFE_TYPES[file.type].extension;
    const stem = cleanStem(file.untrustedStem, extension) || `attachment-${index + 1}`;
    let name = compose(stem, '', extension);
    for (let n = 2; taken.has(nameKey(name)); n++) name = compose(stem, ` (${n})`, extension);
    taken.add(nameKey(name));
    return name;
  });
}

/** A file and the folders around it, all as the sender wrote them. */
export interface Placed extends Pick<SafeFile, 'untrustedStem' | 'type'> {
  readonly untrustedFolders: readonly string[];
}

/** docs/output-grammar.md §9: deeper trees are cut, and what a path may hold in all. */
const MAX_FOLDERS = 16;
const MAX_FOLDER_CODE_POINTS = 60;

/** One final path for each file, in the same order: clean folder names, files unique in their folder, no file like a folder. */
export function treePaths(files: readonly Placed[]): readonly string[] {
  /** Spelling of each folder as it was first met, by the key of its path. */
  const folders = new Map<string, string>();
  const parents = files.map(({ untrustedFolders }) =>
    untrustedFolders.slice(0, MAX_FOLDERS).reduce((parent, untrusted) => {
      const path = `${parent}${cleanFolder(untrusted)}/`;
      const known = folders.get(nameKey(path));
      if (known === undefined) folders.set(nameKey(path), path);
      return known ?? path;
    }, ''),
  );
  const taken = new Set([...folders.keys()].map((key) => key.slice(0, -1)));
  return files.map((file, index) => {
    const parent = parents[index] ?? '';
    const extension = SAFE_TYPES[file.type].extension;
    const stem = cleanStem(file.untrustedStem, extension) || `attachment-${index + 1}`;
    let path = `${parent}${compose(stem, '', extension)}`;
    for (let n = 2; taken.has(nameKey(path)); n++) path = `${parent}${compose(stem, ` (${n})`, extension)}`;
    taken.add(nameKey(path));
    return path;
  });
}

/** By the rules of a stem; a folder that a program's extension names would look like that program. */
function cleanFolder(untrusted: string): string {
  const short = settled([...cleanStem(untrusted, '')].slice(0, MAX_FOLDER_CODE_POINTS).join(''));
  return short || 'folder';
}

const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase();

function compose(stem: string, suffix: string, extension: string): string {
  const room = MAX_CODE_POINTS - suffix.length - extension.length - 1;
  // Cutting may leave `.exe` of `.exercise`: what is left is cleaned once more.
  return `${settled([...stem].slice(0, room).join('')) || 'attachment'}${suffix}.${extension}`;
}

/** What is left of a sender's stem; '' when nothing is. */
function cleanStem(untrustedStem: string, extension: string): string {
  // 4,096: no system has longer names; bounds the work below.
  const visible = cleanText(untrustedStem.slice(0, 4096).normalize('NFC').replaceAll('\0', '')).text;
  const base = visible.split(/[\\/]/).findLast((part) => part.trim() !== '') ?? '';
  const plain = base
    .replace(/[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu, '')
    .replace(/[:*?"<>|]/g, '_')
    .replace(/[\t\n\u00A0]/g, ' ');
  const stem = settled(plain);
  const own = `.${extension}`;
  const settledStem = stem.toLowerCase().endsWith(own) ? settled(stem.slice(0, -own.length)) : stem;
  return RESERVED.test(settledStem.split('.')[0] ?? '') ? `_${settledStem}` : settledStem;
}

/** Without program extensions inside, empty pieces, surplus blanks and dots. Each piece loses its blanks before it is judged. */
function settled(text: string): string {
  const pieces = text.normalize('NFC').split('.').map(trimEnds);
  const kept = pieces.filter((piece, i) => piece !== '' && (i === 0 || !isDangerous(piece)));
  return trimEnds(kept.join('.').replace(/ {2,}/g, ' '));
}

/** Compared without blanks: `.ex e ` shows as `.exe` in a narrow column. */
const isDangerous = (segment: string): boolean => DANGEROUS_SEGMENT.test(segment.replace(/\s/g, ''));

const trimEnds = (text: string): string => text.replace(/^[.\s]+|[.\s]+$/g, '');
