/** Honest files of each kind, and ways to write dishonest ones. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import { CSV_FILE, jpegFile, pngFile, TEXT_FILE } from '../attacks/gate/specimens.ts';
import { u16, u32 } from '../kit/zip-raw.ts';
import type { LetterFile } from './letter.ts';

/** As our writer wrote it once (fixtures/pdf-output/readme.txt). */
export const ownPdf = (): Buffer =>
  readFileSync(fileURLToPath(new URL('../../fixtures/pdf-output/grey-japanese.pdf', import.meta.url)));
export const ownPng = pngFile;
export const ownJpeg = jpegFile;
export const OWN_TEXT = Buffer.from(TEXT_FILE);
export const OWN_CSV = Buffer.from(CSV_FILE);

export interface ZipMember {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** docs/output-grammar.md §9, written by hand. */
export function ownZip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes } of members) {
    const packs = /\.(?:csv|txt)$/.test(path);
    const data = packs ? deflateRawSync(bytes) : Buffer.from(bytes);
    const name = Buffer.from(path);
    const facts = Buffer.concat([
      Buffer.from('14000008', 'hex'),
      u16(packs ? 8 : 0),
      Buffer.from('00002100', 'hex'),
      ...[crc32(bytes), data.length, bytes.length].map(u32),
      ...[name.length, 0].map(u16),
    ]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, name, data]);
    centrals.push(
      Buffer.concat([
        Buffer.from('504b01021403', 'hex'),
        facts,
        Buffer.alloc(6),
        Buffer.from('0000a481', 'hex'),
        u32(offset),
        name,
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.concat([
    Buffer.from('504b050600000000', 'hex'),
    ...[members.length, members.length].map(u16),
    ...[directory.length, offset].map(u32),
    u16(0),
  ]);
  return Buffer.concat([...locals, directory, end]);
}

/** One honest file of each kind. */
export async function honestFiles(): Promise<readonly LetterFile[]> {
  const inside = [
    { path: '資料/一覧.csv', bytes: OWN_CSV },
    { path: '資料/zu.png', bytes: await ownPng() },
    { path: 'memo.txt', bytes: OWN_TEXT },
    { path: 'a.pdf', bytes: ownPdf() },
  ];
  return [
    { name: 'a.pdf', type: 'pdf', bytes: ownPdf() },
    { name: 'b.png', type: 'png', bytes: await ownPng() },
    { name: 'c.jpg', type: 'jpeg', bytes: await ownJpeg() },
    { name: 'd.csv', type: 'csv', bytes: OWN_CSV },
    { name: 'e.txt', type: 'text', bytes: OWN_TEXT },
    { name: 'f.zip', type: 'zip', bytes: ownZip(inside) },
  ];
}
