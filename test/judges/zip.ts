/** Archives: Python's zipfile, 7-Zip, zipinfo and unar list the same files, the report names the same, and nothing else is in it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RawZipEntry, rawZip } from '../kit/zip-raw.ts';
import { folded, nameFaults } from './grammar/characters.ts';
import type { Control, Judge, Leaf, Subject } from './judge.ts';
import { letterSubject } from './letter.ts';
import { OWN_CSV, OWN_TEXT, ownPdf, ownZip } from './specimens.ts';
import { KINDS } from './subject.ts';
import { askProgram, program } from './tools.ts';

interface Listed {
  readonly python: readonly (readonly [name: string, bytes: number, sha256: string])[];
  readonly problems: readonly string[];
  readonly '7z': readonly (readonly [name: string, bytes: number])[];
  readonly zipinfo: readonly string[];
  readonly lsar: readonly string[];
}

export const zip: Judge = {
  name: 'zip',
  looksFor: 'archives that readers list otherwise, entries and paths outside docs/output-grammar.md §9',
  needs: [program('7z', 'p7zip-full'), program('zipinfo', 'unzip'), program('lsar', 'unar')],
  async judge(subjects) {
    const places = subjects.flatMap((subject) =>
      subject.leaves.flatMap((leaf, at) => (leaf.type === 'zip' ? [{ subject, leaf, at }] : [])),
    );
    const answers = await askProgram<{ file: string }, Listed>(
      'zips.py',
      places.map(({ leaf: { file } }) => ({ file })),
    );
    return places.flatMap(({ subject, leaf, at }, i) => {
      const listed = answers[i];
      const faults =
        listed === undefined
          ? ['no answer']
          : [...listed.problems, ...listFaults(listed), ...bytesFaults(leaf), ...promiseFaults(subject, at, leaf)];
      return faults.slice(0, 10).map((what) => ({ subject: subject.id, what: `${leaf.name}: ${what}` }));
    });
  },
  positiveControls: async (folder) => controlsOf(folder),
};

function listFaults({ python, '7z': seven, zipinfo, lsar }: Listed): readonly string[] {
  const names = python.map(([name]) => name);
  const faults: string[] = [];
  if (
    JSON.stringify(seven.map(([name, bytes]) => [name, bytes])) !==
    JSON.stringify(python.map(([name, bytes]) => [name, bytes]))
  )
    faults.push(
      `7z lists ${seven
        .map(([name]) => name)
        .join(', ')
        .slice(0, 100)}`,
    );
  if (zipinfo.join('\n') !== names.join('\n')) faults.push(`zipinfo lists ${zipinfo.join(', ').slice(0, 100)}`);
  if (lsar.join('\n') !== names.join('\n')) faults.push(`lsar lists ${lsar.join(', ').slice(0, 100)}`);
  const taken = new Set<string>();
  for (const name of names) {
    const segments = name.split('/');
    const file = segments.pop() ?? '';
    const end = Object.values(KINDS).find((kind) => kind.end !== 'zip' && file.endsWith(`.${kind.end}`))?.end;
    if (end === undefined) faults.push(`kind of file «${name}»`);
    else faults.push(...nameFaults(file, end));
    for (const segment of segments) faults.push(...nameFaults(segment, ''));
    if (segments.length > 16) faults.push(`${segments.length} folders`);
    if (taken.has(folded(name))) faults.push(`path «${name}» twice`);
    taken.add(folded(name));
  }
  const folders = names.flatMap((name) =>
    name
      .split('/')
      .slice(0, -1)
      .map((_, i, all) => folded(all.slice(0, i + 1).join('/'))),
  );
  const both = folders.find((path) => taken.has(path));
  if (both !== undefined) faults.push(`«${both}» is a file and a folder`);
  return names.length === 0 ? [...faults, 'no entry'] : faults;
}

/** §9 has one spelling: the archive written again from what was read is the same bytes but for what deflate chose. */
function bytesFaults({ file }: Leaf): readonly string[] {
  const bytes = readFileSync(file);
  const faults: string[] = [];
  let at = 0;
  const locals: string[] = [];
  while (at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50) {
    const size = 30 + bytes.readUInt16LE(at + 26);
    locals.push(bytes.toString('latin1', at + 4, at + 26) + bytes.toString('latin1', at + 30, at + size));
    if (bytes.readUInt16LE(at + 28) !== 0) faults.push('extra field');
    at += size + bytes.readUInt32LE(at + 18);
  }
  const directory = at;
  let entries = 0;
  while (at + 46 <= bytes.length && bytes.readUInt32LE(at) === 0x02014b50) {
    const name = bytes.readUInt16LE(at + 28);
    const facts = bytes.toString('latin1', at + 6, at + 28) + bytes.toString('latin1', at + 46, at + 46 + name);
    if (facts !== locals[entries]) faults.push('directory and entry say different things');
    if (
      bytes.toString('hex', at + 4, at + 6) !== '1403' ||
      bytes.toString('hex', at + 30, at + 42) !== '00000000000000000000a481'
    )
      faults.push('entry that is not a plain file of ours');
    entries++;
    at += 46 + name;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(at - directory, 12);
  end.writeUInt32LE(directory, 16);
  if (entries !== locals.length || !bytes.subarray(at).equals(end))
    faults.push('something before, between or behind entries');
  return faults;
}

/** Files inside are those that the report names for this archive, with their hashes. */
function promiseFaults({ leaves, promised }: Subject, at: number, { name }: Leaf): readonly string[] {
  const inside = leaves.filter(({ archive }) => archive === at);
  const told = promised.filter(({ archivePath }) => archivePath !== '');
  return inside.flatMap((leaf) => {
    const bytes = readFileSync(leaf.file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const own = told.some(
      (each) => each.archivePath === leaf.name && each.sha256 === sha256 && each.bytes === bytes.length,
    );
    return own ? [] : [`«${leaf.name}» in ${name} is not in the report`];
  });
}

function controlsOf(folder: string): readonly Control[] {
  const plain: RawZipEntry = { name: 'a.txt', content: OWN_TEXT, method: 8 };
  const other: RawZipEntry = { name: 'b.csv', content: OWN_CSV, method: 8 };
  const honest = ownZip([
    { path: 'a.txt', bytes: OWN_TEXT },
    { path: 'b/c.pdf', bytes: ownPdf() },
  ]);
  const files: readonly (readonly [string, Buffer])[] = [
    ['something before', Buffer.concat([honest, Buffer.from('MZ')])],
    ['something before', Buffer.concat([Buffer.from('MZ'), honest])],
    ['7z: ', Buffer.concat([honest, honest])],
    ['comment', rawZip([plain], { comment: 'hello' })],
    ['7z lists|zipinfo lists|zipfile', rawZip([{ ...plain, local: { name: 'evil.exe' } }])],
    ['lsar lists', rawZip([{ ...plain, local: { name: 'evil.exe' } }])],
    ['different things|zipfile', rawZip([{ ...plain, local: { name: 'b.txt' } }])],
    ['twice', rawZip([plain, plain])],
    ['twice', rawZip([plain, { ...plain, name: 'A.TXT' }])],
    ['kind of file «a.exe»', rawZip([{ ...plain, name: 'a.exe' }])],
    ['kind of file «a.zip»', rawZip([{ ...plain, name: 'a.zip' }])],
    ['path ../a', rawZip([{ ...plain, name: '../a.txt' }])],
    ['path /a', rawZip([{ ...plain, name: '/a.txt' }])],
    ['a file and a folder', rawZip([plain, { ...other, name: 'a.txt/b.csv' }])],
    ['encrypted', rawZip([{ ...plain, flags: 0x801 }])],
    ['CRC|crc', rawZip([{ ...plain, crc: 1 }])],
    ['not a plain file', rawZip([{ ...plain, attributes: 0xa1ff0000, host: 3 }])],
    ['something before', rawZip([plain], { between: Buffer.from('hidden') })],
    ['extra field', rawZip([{ ...plain, extra: Buffer.from('5558000000', 'hex').subarray(0, 4) }])],
    ['is not in the report', honest],
    ['no entry|zipfile|something', rawZip([])],
  ];
  return files.map(([says, bytes], i) => ({
    subject: letterSubject(folder, `zip ${i}`, { files: [{ name: 'z.zip', type: 'zip', bytes }] }),
    says: new RegExp(says),
  }));
}
