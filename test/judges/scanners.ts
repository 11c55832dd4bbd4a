/**
 * Antivirus as a judge, with rules of our own: YARA (`residual.yar`), and ClamAV with a database that holds the test
 * virus and markers of active content. Neither needs signatures from the network.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { openAviary } from '../kit/canary.ts';
import { jpegFile, pdfFile, pngFile } from '../kit/canary-files.ts';
import { rawZip } from '../kit/zip-raw.ts';
import { compoundFile } from './compound.ts';
import type { Control, Finding, Judge, Subject } from './judge.ts';
import { type LetterFile, letterSubject } from './letter.ts';
import { ownJpeg, ownPdf, ownPng, ownZip } from './specimens.ts';
import { askProgram, output, program, pythonModule } from './tools.ts';

/** The antivirus test file (eicar.org), put together here so that a scanner leaves this source alone. */
export const eicar = (): string =>
  ['X5O!P%@AP[4', '\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-', 'ANTIVIRUS-TEST', '-FILE!$H+H*'].join('');

interface Scanned {
  readonly subject: string;
  readonly name: string;
  readonly file: string;
}

const filesOf = (subjects: readonly Subject[]): readonly Scanned[] =>
  subjects.flatMap(({ id, file, body, leaves }) => [
    { subject: id, name: 'message', file },
    { subject: id, name: 'body', file: body },
    ...leaves.map((leaf) => ({ subject: id, name: leaf.name, file: leaf.file })),
  ]);

const RULES = fileURLToPath(new URL('residual.yar', import.meta.url));

export const yara: Judge = {
  name: 'yara',
  looksFor: 'programs, macros, scripts, active PDF names, polyglots (residual.yar)',
  needs: [pythonModule('yara', 'python3-yara')],
  async judge(subjects) {
    const files = filesOf(subjects).filter(({ name }) => name !== 'message' && name !== 'body');
    const answers = await askProgram<{ file: string; rules: string }, readonly string[]>(
      'yara_scan.py',
      files.map(({ file }) => ({ file, rules: RULES })),
    );
    return files.flatMap(({ subject, name }, i) =>
      (answers[i] ?? []).map((rule) => ({ subject, what: `${name}: ${rule}` })),
    );
  },
  async positiveControls(folder) {
    const [png, jpeg] = [await ownPng(), await ownJpeg()];
    const zipped = rawZip([{ name: 'a.txt', content: 'x' }]);
    return controls(folder, 'yara', [
      ['executable_pe', pe()],
      ['executable_elf', Buffer.from('\x7fELF\x02\x01\x01', 'latin1')],
      ['compound_file', compoundFile([])],
      ['shortcut', Buffer.from('4c0000000114020000000000c000000000000046', 'hex')],
      ['html_script', Buffer.from('<html><script>alert(1)</script>')],
      ['vba_macro', rawZip([{ name: 'word/vbaProject.bin', content: 'x' }])],
      ['office_external', rawZip([{ name: 'word/embeddings/oleObject1.bin', content: 'x' }])],
      ['pdf_active', pdfFile(openAviary())],
      ['pdf_active', Buffer.concat([ownPdf(), Buffer.from('MZ')])],
      ['pdf_active', Buffer.from(ownPdf().toString('latin1').replace('/Pages 2', '/P#61ges 2'), 'latin1')],
      ['pdf_not_at_start', Buffer.concat([Buffer.from('MZ'), ownPdf()])],
      ['zip_inside', Buffer.concat([png, zipped])],
      ['zip_inside', Buffer.concat([jpeg, zipped])],
      ['picture_text', await pngFile(openAviary())],
      ['picture_text', await jpegFile(openAviary())],
      ['formula', Buffer.from('\ufeff"=HYPERLINK(1)"\r\n')],
      ['eicar', Buffer.from(`\ufeff${eicar()}\r\n`)],
      ['rtf', Buffer.from('{\\rtf1 x}')],
    ]);
  },
};

/** Signatures of our own: by content (`.ndb`: name, any type, any offset, hex) and by hash (`.hdb`). */
function database(tokens: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'clam-'));
  const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
  const content: readonly (readonly [string, string])[] = [
    ['Sekisho.Eicar', hex(eicar())],
    ...tokens.map((token) => ['Sekisho.Canary', hex(token)] as const),
    ['Sekisho.Vba', hex('Attribute VB_Name')],
    ['Sekisho.DosStub', hex('This program cannot be run in DOS mode')],
    ['Sekisho.JavaScript', hex('/S /JavaScript')],
    ['Sekisho.Compound', 'd0cf11e0a1b11ae1'],
    ['Sekisho.Script', hex('<script>')],
  ];
  writeFileSync(join(folder, 'own.ndb'), content.map(([name, bytes]) => `${name}:0:*:${bytes}\n`).join(''));
  const hash = createHash('md5').update(eicar()).digest('hex');
  writeFileSync(join(folder, 'own.hdb'), `${hash}:${eicar().length}:Sekisho.Eicar.File\n`);
  return folder;
}

export const clamav: Judge = {
  name: 'clamav',
  looksFor: 'the test virus and markers of active content, in depth; encrypted files',
  needs: [program('clamscan', 'clamav')],
  async judge(subjects) {
    const dying = subjects.flatMap(({ canaries }) => canaries.filter(({ fate }) => fate === 'die'));
    const signatures = database([...new Set(dying.map(({ token }) => token))]);
    try {
      const files = filesOf(subjects);
      const list = join(signatures, 'list');
      writeFileSync(list, files.map(({ file }) => `${file}\n`).join(''));
      const args = [
        '-d',
        signatures,
        '--no-summary',
        '--infected',
        '--alert-encrypted=yes',
        '--max-filesize=200M',
        '--max-scansize=400M',
        `--file-list=${list}`,
      ];
      const { out, error, exit } = await output('clamscan', args);
      if (exit !== 0 && exit !== 1) throw new Error(`clamscan ended with ${exit}: ${error.slice(0, 300)}`);
      const found = new Map(
        out.split('\n').map((line) => /^(.*): (.*) FOUND$/.exec(line)?.slice(1) ?? ['', '']) as [string, string][],
      );
      return files.flatMap(({ subject, name, file }): Finding[] => {
        const what = found.get(file);
        return what === undefined ? [] : [{ subject, what: `${name}: ${what}` }];
      });
    } finally {
      rmSync(signatures, { recursive: true });
    }
  },
  async positiveControls(folder) {
    const aviary = openAviary();
    const token = aviary.die('clam');
    const deep = rawZip([{ name: 'b.zip', content: rawZip([{ name: 'a.com', content: eicar() }]) }]);
    const made = controls(folder, 'clam', [
      ['message: .*Eicar', Buffer.from(eicar())],
      ['a\\.\\w+: Sekisho\\.Eicar', Buffer.from(eicar())],
      ['Sekisho\\.Eicar', deep],
      [
        'Sekisho\\.Canary',
        rawZip([{ name: 'a.txt', content: token.repeat(3), method: 8, data: deflateRawSync(token.repeat(3)) }]),
      ],
      ['Sekisho\\.Vba', Buffer.from('Attribute VB_Name = "a"')],
      ['Sekisho\\.JavaScript|Sekisho\\.Canary', pdfFile(openAviary())],
      ['Encrypted', rawZip([{ name: 'a.txt', content: 'x'.repeat(64), flags: 1 }])],
      ['Sekisho\\.Compound', compoundFile([])],
    ]);
    return made.map(({ subject, says }) => ({ subject: { ...subject, canaries: aviary.canaries }, says }));
  },
};

/** The head of a program, without a program. */
const pe = (): Buffer => {
  const bytes = Buffer.alloc(512);
  bytes.write('MZ', 0);
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80);
  bytes.write('This program cannot be run in DOS mode', 0x4e);
  return bytes;
};

const kindOf = (bytes: Buffer): Pick<LetterFile, 'name' | 'type'> => {
  const start = bytes.toString('latin1', 0, 4);
  if (start === '%PDF') return { name: 'a.pdf', type: 'pdf' };
  if (start === '\x89PNG') return { name: 'a.png', type: 'png' };
  if (start.startsWith('\xff\xd8')) return { name: 'a.jpg', type: 'jpeg' };
  if (start.startsWith('PK')) return { name: 'a.zip', type: 'zip' };
  return bytes[0] === 0xef && bytes[3] === 0x22 ? { name: 'a.csv', type: 'csv' } : { name: 'a.txt', type: 'text' };
};

/** Each file under a name that may cross, and, so that archives are looked into, in one of ours. */
export function controls(
  folder: string,
  about: string,
  files: readonly (readonly [string, Buffer])[],
): readonly Control[] {
  mkdirSync(folder, { recursive: true });
  return files.flatMap(([says, bytes], i) => {
    const kind = kindOf(bytes);
    const subject = letterSubject(folder, `${about} ${i}`, { files: [{ ...kind, bytes }] });
    if (kind.type === 'zip' || says.startsWith('message')) return [{ subject, says: new RegExp(says) }];
    const archive = ownZip([{ path: `folder/${kind.name}`, bytes }]);
    const inside = letterSubject(folder, `${about} ${i} in an archive`, {
      files: [{ name: 'a.zip', type: 'zip', bytes: archive }],
    });
    return [
      { subject, says: new RegExp(says) },
      { subject: inside, says: new RegExp(says) },
    ];
  });
}

/** python3-olefile: nothing that crosses is a compound file, and none stands inside of one. */
export const olefile: Judge = {
  name: 'olefile',
  looksFor: 'compound files and their streams (VBA, Ole10Native, EncryptedPackage), by olefile',
  needs: [pythonModule('olefile', 'python3-olefile')],
  async judge(subjects) {
    const files = filesOf(subjects).filter(({ name }) => name !== 'message');
    const answers = await askProgram<{ file: string }, readonly string[]>(
      'ole_walk.py',
      files.map(({ file }) => ({ file })),
    );
    return files.flatMap(({ subject, name }, i) =>
      (answers[i] ?? []).map((what) => ({ subject, what: `${name}: ${what}` })),
    );
  },
  positiveControls: async (folder) =>
    controls(folder, 'ole', [
      ['compound file', compoundFile([])],
      ['compound file', Buffer.concat([Buffer.from('\ufeff'), compoundFile([])])],
      ['stream Macros/VBA', compoundFile(['Macros', 'VBA'])],
      ['stream ObjectPool', compoundFile(['ObjectPool'])],
      ['compound file', Buffer.concat([await ownPng(), compoundFile([])])],
    ]),
};
