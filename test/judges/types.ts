/**
 * What others take a file for: libmagic (`file`), and file-type, by bytes alone. A file that two programs take for two things
 * is a polyglot, whatever its name says (threats.md §3).
 */
import { readFileSync } from 'node:fs';
import { fileTypeFromBuffer } from 'file-type';
import { rawZip } from '../kit/zip-raw.ts';
import { compoundFile } from './compound.ts';
import type { Finding, Judge, Leaf } from './judge.ts';
import { controls } from './scanners.ts';
import { ownJpeg, ownPdf, ownPng } from './specimens.ts';
import { output, program } from './tools.ts';

/** By libmagic. A text may be taken for the language that it is written in: it stays a text. */
const MAGIC: Readonly<Record<Leaf['type'], RegExp>> = {
  pdf: /^application\/pdf$/,
  png: /^image\/png$/,
  jpeg: /^image\/jpeg$/,
  zip: /^application\/zip$/,
  csv: /^(?:text\/[\w.+-]+|application\/(?:csv|json|x-ndjson))$/,
  text: /^(?:text\/[\w.+-]+|application\/(?:csv|json|x-ndjson|javascript|x-wine-extension-ini|x-setupscript|pgp[\w-]*|x-mswinurl)|message\/(?:rfc822|news))$/,
  unknown: /^$/,
};

/** By file-type, which knows three kinds of text: words of a card, a calendar or XML are words still. */
const BYTES: Readonly<Record<Leaf['type'], readonly string[]>> = {
  pdf: ['pdf'],
  png: ['png'],
  jpeg: ['jpg'],
  zip: ['zip'],
  csv: [''],
  text: ['', 'vcf', 'ics', 'xml'],
  unknown: [],
};

export const types: Judge = {
  name: 'types',
  looksFor: 'files that libmagic or file-type takes for something else than their name says',
  needs: [program('file', 'file')],
  async judge(subjects) {
    const places = subjects.flatMap(({ id, leaves }) => leaves.map((leaf) => ({ subject: id, leaf })));
    if (places.length === 0) return [];
    const asked = places.map(({ leaf: { file } }) => `${file}\n`).join('');
    const answers = (await output('file', ['-b', '--mime-type', '-f', '-'], asked)).out.trimEnd().split('\n');
    if (answers.length !== places.length) throw new Error(`file gave ${answers.length} of ${places.length} answers`);
    const findings: Finding[] = [];
    for (const [i, { subject, leaf }] of places.entries()) {
      const magic = answers[i] ?? '';
      const bytes = readFileSync(leaf.file);
      const known = (await fileTypeFromBuffer(bytes))?.ext ?? '';
      if (!MAGIC[leaf.type].test(magic)) findings.push({ subject, what: `${leaf.name}: ${magic} by libmagic` });
      if (!BYTES[leaf.type].includes(known)) findings.push({ subject, what: `${leaf.name}: ${known} by file-type` });
    }
    return findings;
  },
  async positiveControls(folder) {
    return controls(folder, 'types', [
      ['x-ole-storage by libmagic|application/[\\w.-]+ by libmagic', compoundFile([])],
      ['cfb by file-type', compoundFile([])],
      ['octet-stream by libmagic', Buffer.from('\x7fELF\x02\x01\x01'.padEnd(64, '\0'), 'latin1')],
      ['elf by file-type', Buffer.from('\x7fELF\x02\x01\x01'.padEnd(64, '\0'), 'latin1')],
      ['wordprocessingml.document by libmagic', rawZip([{ name: 'word/document.xml', content: '<x/>' }])],
      ['jar|java-archive|by libmagic|by file-type', rawZip([{ name: 'META-INF/MANIFEST.MF', content: 'x' }])],
      ['by libmagic', Buffer.concat([Buffer.from('%PDX'), ownPdf().subarray(4)])],
      ['image/gif by libmagic', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1')],
      ['gif by file-type', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1')],
      ['by libmagic', (await ownPng()).subarray(1)],
      ['by libmagic', (await ownJpeg()).subarray(1)],
    ]);
  },
};
