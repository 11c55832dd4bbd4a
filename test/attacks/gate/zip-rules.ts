/** Rules for the ZIPs we write (docs/output-grammar.md §9) and, for each, archives that break it. Built by hand from the text. */
import { crc32, deflateRawSync } from 'node:zlib';
import type { FileRule } from './file-rules.ts';
import { CSV_FILE, TEXT_FILE } from './specimens.ts';

interface Member {
  readonly path: string;
  readonly content: Uint8Array;
  /** 8: deflate, 0: stored. */
  readonly method: 0 | 8;
}

/** Fields that a breach may set; the rest is as the grammar says. */
interface Change {
  readonly versionNeeded?: number;
  readonly flags?: number;
  readonly moment?: Buffer;
  readonly crc?: number;
  readonly packed?: Buffer;
  readonly unpackedSize?: number;
  readonly extra?: Buffer;
  readonly centralPath?: string;
  readonly madeBy?: Buffer;
  readonly attributes?: Buffer;
  readonly comment?: string;
  readonly count?: number;
  readonly before?: Buffer;
  readonly between?: Buffer;
  readonly behind?: Buffer;
  readonly directoryOffset?: number;
}

const u16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
const NONE = Buffer.alloc(0);

function zip(members: readonly Member[], change: Change = {}): Buffer {
  const locals: Buffer[] = [change.before ?? NONE];
  const centrals: Buffer[] = [];
  let offset = (change.before ?? NONE).length;
  for (const { path, content, method } of members) {
    const packed = change.packed ?? (method === 8 ? deflateRawSync(content) : Buffer.from(content));
    const facts = (name: Buffer): Buffer =>
      Buffer.concat([
        u16(change.versionNeeded ?? 20),
        u16(change.flags ?? 0x800),
        u16(method),
        change.moment ?? Buffer.from([0, 0, 0x21, 0]),
        u32(change.crc ?? crc32(content)),
        u32(packed.length),
        u32(change.unpackedSize ?? content.length),
        u16(name.length),
        u16((change.extra ?? NONE).length),
      ]);
    const name = Buffer.from(path);
    const inDirectory = Buffer.from(change.centralPath ?? path);
    const extra = change.extra ?? NONE;
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts(name), name, extra, packed, change.between ?? NONE]);
    const attributes = change.attributes ?? Buffer.from('000000000000' + '0000a481', 'hex');
    const madeBy = change.madeBy ?? Buffer.from([0x14, 3]);
    centrals.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        madeBy,
        facts(inDirectory),
        attributes,
        u32(offset),
        inDirectory,
        extra,
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const count = u16(change.count ?? members.length);
  const comment = Buffer.from(change.comment ?? '');
  return Buffer.concat([
    ...locals,
    directory,
    Buffer.from('PK\x05\x06'),
    u32(0),
    count,
    count,
    u32(directory.length),
    u32(change.directoryOffset ?? offset),
    u16(comment.length),
    comment,
    change.behind ?? NONE,
  ]);
}

const text = (path: string, content: string = TEXT_FILE): Member => ({
  path,
  content: Buffer.from(content),
  method: 8,
});
const OURS: readonly Member[] = [
  text('資料/memo.txt'),
  { path: '集計.csv', content: Buffer.from(CSV_FILE), method: 8 },
];

/** The benign twin: fits the grammar. */
export const ourZip = (): Buffer => zip(OURS);

const named = (path: string): Buffer => zip([text(path)]);

const BAD_PATHS = [
  '../memo.txt',
  '/memo.txt',
  'a/../memo.txt',
  './memo.txt',
  'a//memo.txt',
  'C:/memo.txt',
  'a\\memo.txt',
  '//host/memo.txt',
  'CON/memo.txt',
  'nul.txt',
  'a /memo.txt',
  'a./memo.txt',
  ' a/memo.txt',
  'a.exe/memo.txt',
  'memo.exe',
  'memo.docm',
  'memo',
  'memo.zip',
  'memo.exe.txt',
  'me\u202emo.txt',
  'me\u200bmo.txt',
  'me\0mo.txt',
  'me\nmo.txt',
  'me:mo.txt',
  'me*mo.txt',
  'me?mo.txt',
  'me"mo.txt',
  'me<mo.txt',
  'me|mo.txt',
  `${'あ'.repeat(200)}.txt`,
  `${'a'.repeat(80)}/memo.txt`,
  `${'a/'.repeat(40)}memo.txt`,
  '.txt',
  'a/',
];

/** Each bit of each byte that frames an archive of ours; content and names are the other readers' matter. */
function everyByte(): Buffer[] {
  const ours = ourZip();
  return Array.from({ length: ours.length }, (_, i) => {
    const changed = Buffer.from(ours);
    changed[i] = (changed[i] ?? 0) ^ 1;
    return changed;
  });
}

export const zipRules = (): readonly FileRule[] => [
  {
    type: 'zip',
    rule: '§9 frame',
    breaches: [
      zip(OURS, { before: Buffer.from('MZ') }),
      zip(OURS, { between: Buffer.from([0]) }),
      zip(OURS, { behind: Buffer.from([0]) }),
      zip(OURS, { behind: Buffer.from('canary') }),
      zip(OURS, { comment: 'canary' }),
      zip(OURS, { count: 1 }),
      zip(OURS, { count: 3 }),
      zip(OURS, { directoryOffset: 0 }),
      zip([]),
      Buffer.concat([ourZip(), ourZip()]),
    ],
  },
  {
    type: 'zip',
    rule: '§9 facts',
    breaches: [
      zip(OURS, { versionNeeded: 45 }),
      ...[0, 0x801, 0x808, 0x840, 0x2800].map((flags) => zip(OURS, { flags })),
      zip(OURS, { moment: Buffer.from([1, 0, 0x21, 0]) }),
      zip(OURS, { crc: 0 }),
      zip(OURS, { unpackedSize: 1 }),
      zip(OURS, { unpackedSize: 0xffffffff }),
      zip(OURS, { extra: Buffer.from('7075010000', 'hex') }),
      zip(OURS, { madeBy: Buffer.from([0x14, 0]) }),
      zip(OURS, { attributes: Buffer.from('000000000000' + '0000ffa1', 'hex') }),
      zip(OURS, { attributes: Buffer.from('000000000000' + '1000a481', 'hex') }),
      zip(OURS, { centralPath: 'other.txt' }),
    ],
  },
  {
    type: 'zip',
    rule: '§9 data',
    breaches: [
      zip([text('memo.txt')], { packed: Buffer.concat([deflateRawSync(TEXT_FILE), Buffer.from('x')]) }),
      zip([text('memo.txt')], { packed: deflateRawSync(TEXT_FILE).subarray(0, -2) }),
      zip([{ path: 'memo.txt', content: Buffer.from(TEXT_FILE), method: 0 }]),
      zip([text('memo.txt', '\uFEFFhttp://example.invalid/\r\n')]),
      zip([text('memo.csv', '\uFEFF"=1+1"\r\n')]),
      zip([text('memo.csv')]),
      zip([{ path: 'x.png', content: Buffer.from('MZ canary'), method: 0 }]),
      zip([{ path: 'x.pdf', content: Buffer.from('%PDF-1.4\n%canary'), method: 0 }]),
      zip([{ path: 'inner.zip', content: ourZip(), method: 0 }]),
    ],
  },
  { type: 'zip', rule: '§9 paths', breaches: BAD_PATHS.map(named) },
  {
    type: 'zip',
    rule: '§9 unique paths',
    breaches: [
      zip([text('memo.txt'), text('memo.txt')]),
      zip([text('memo.txt'), text('MEMO.TXT')]),
      zip([text('memo.txt'), text('ｍｅｍｏ.txt')]),
      zip([text('a.txt/memo.txt'), text('a.txt')]),
    ],
  },
  { type: 'zip', rule: '§9 every byte', breaches: everyByte() },
  {
    type: 'zip',
    rule: '§9 cut short',
    breaches: Array.from({ length: ourZip().length }, (_, i) => ourZip().subarray(0, i)),
  },
];
