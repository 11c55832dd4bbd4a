/** A hijacked child: what it does wrong is named by the bytes of the job. Anything else is answered honestly. */
import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { decodeHead, decodeJson, encodeFrame, FRAME, HEAD_BYTES } from '../../../../src/jail/protocol.ts';

const read = (length: number): Buffer => {
  const buffer = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const got = readSync(0, buffer, at, length - at, null);
    if (got === 0) process.exit(0);
    at += got;
  }
  return buffer;
};
const write = (bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
};
const answerTo = (nonce: string, bytes: Buffer, sha256 = createHash('sha256').update(bytes).digest('hex')): Buffer => {
  const preview = { version: 1, textBefore: String(process.pid), textAfter: '', hiddenText: '' };
  const body = { kind: 'message', report: {}, preview };
  const frame = encodeFrame(FRAME.answer, { nonce, body, blobs: [{ bytes: bytes.length, sha256 }] }, bytes.length);
  return Buffer.concat([frame, bytes]);
};
const forever = (): never => {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
};
const endless = (bytes: Uint8Array): never => {
  for (;;) write(bytes);
};

const callForHelp = (nonce: string, wanted: Readonly<Record<string, unknown>>, document: string): void => {
  const bytes = Buffer.from(document);
  write(encodeFrame(FRAME.help, { nonce, ...wanted }, bytes.length));
  write(bytes);
};
const readHelp = (): string => {
  const head = decodeHead(read(HEAD_BYTES));
  const header = decodeJson(read(head?.headerBytes ?? 0));
  const blobs = read(head?.blobBytes ?? 0);
  if (head?.kind !== FRAME.helped) process.exit(5);
  return header?.['body'] === null ? 'no help' : `${JSON.stringify(header?.['body'])} ${blobs.toString('latin1')}`;
};

const LIES: Readonly<Record<string, (nonce: string, input: Buffer) => void>> = {
  'stale-hash': (nonce, input) => {
    const changed = Buffer.from(input);
    changed[0] = 0;
    write(answerTo(nonce, changed, createHash('sha256').update(input).digest('hex')));
  },
  'wrong-nonce': (_nonce, input) => write(answerTo('00'.repeat(16), input)),
  'wrong-hash': (nonce, input) => write(answerTo(nonce, input, '00'.repeat(32))),
  trailing: (nonce, input) => write(Buffer.concat([answerTo(nonce, input), Buffer.from('x')])),
  twice: (nonce, input) => write(Buffer.concat([answerTo(nonce, input), answerTo(nonce, input)])),
  'ten-gigabytes': (nonce) => {
    const head = encodeFrame(FRAME.answer, { nonce, body: {}, blobs: [] }, 0xffffffff);
    write(head);
    endless(Buffer.alloc(65536));
  },
  'huge-header': () => {
    const head = encodeFrame(FRAME.answer, {}, 0);
    head.writeUInt32BE(0xfffffff0, 8);
    write(head);
    endless(Buffer.alloc(65536, 0x20));
  },
  'endless-noise': () => endless(Buffer.alloc(65536, 0x41)),
  'endless-progress': (nonce) => endless(encodeFrame(FRAME.progress, { nonce, part: '1' }, 0)),
  'bad-part': (nonce) => write(encodeFrame(FRAME.progress, { nonce, part: '件名' }, 0)),
  'lengths-differ': (nonce) =>
    write(Buffer.concat([encodeFrame(FRAME.answer, { nonce, body: {}, blobs: [] }, 1), Buffer.from('x')])),
  'many-blobs': (nonce) => {
    const sha256 = createHash('sha256').digest('hex');
    const blobs = Array.from({ length: 1000 }, () => ({ bytes: 0, sha256 }));
    write(encodeFrame(FRAME.answer, { nonce, body: {}, blobs }, 0));
  },
  'not-json': () => {
    const head = encodeFrame(FRAME.answer, '{', 0);
    head.writeUInt32BE(1, 8);
    write(head.subarray(0, HEAD_BYTES + 1));
  },
  'wrong-shape': (nonce) => {
    const sha256 = createHash('sha256').digest('hex');
    write(encodeFrame(FRAME.answer, { nonce, body: { kind: 'document' }, blobs: [{ bytes: 0, sha256 }] }, 0));
  },
  silence: (nonce) => {
    write(encodeFrame(FRAME.progress, { nonce, part: '2.1' }, 0));
    forever();
  },
  'cpu-loop': () => {
    for (let n = 0; ; n = (n + 1) % 7) if (n > 7) break;
  },
  'exits-midway': (nonce, input) => {
    write(answerTo(nonce, input).subarray(0, 40));
    process.exit(0);
  },
  aborts: () => process.abort(),
  'memory-bomb': () => {
    const held: Buffer[] = [];
    for (;;) held.push(Buffer.alloc(64 * 1024 * 1024, 1));
  },
  'floods-stderr': (nonce, input) => {
    for (let n = 0; n < 40; n += 1) writeSync(2, Buffer.alloc(65536, 0x41));
    write(answerTo(nonce, input));
  },
  'threw-quoting': (nonce) => write(encodeFrame(FRAME.threw, { nonce, place: 'Error 件名: 秘密' }, 0)),
  'threw-honestly': (nonce) => write(encodeFrame(FRAME.threw, { nonce, place: 'TypeError sanitize/a.ts:1:2' }, 0)),
  'some-stderr': (nonce, input) => {
    writeSync(2, Buffer.alloc(1000, 0x41));
    write(answerTo(nonce, input));
  },
  'late-second': (nonce, input) => {
    write(answerTo(nonce, input));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    write(answerTo(nonce, input));
  },
  /** Asks for help and answers with what came back: its body as text, or «no help». */
  'help-honest': (nonce, input) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'honest pages');
    write(answerTo(nonce, Buffer.from(`${input.toString('latin1')}: ${readHelp()}`)));
  },
  'help-from-silence': (nonce) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 300, pageBytes: 1 }, 'silence');
    write(answerTo(nonce, Buffer.from(readHelp())));
  },
  'help-from-a-liar': (nonce) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'wrong-hash');
    write(answerTo(nonce, Buffer.from(readHelp())));
  },
  'help-from-the-dead': (nonce) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'aborts');
    write(answerTo(nonce, Buffer.from(readHelp())));
  },
  'help-in-a-chain': (nonce) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'help-honest');
    write(answerTo(nonce, Buffer.from(readHelp())));
  },
  'help-too-many-pages': (nonce) => {
    callForHelp(nonce, { from: 0, to: 1_000_000, timeMs: 5_000, pageBytes: 1 }, 'honest pages');
    write(answerTo(nonce, Buffer.from(readHelp())));
  },
  'help-not-waited-for': (nonce, input) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'honest pages');
    write(answerTo(nonce, input));
  },
  'help-twice': (nonce) => {
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'silence');
    callForHelp(nonce, { from: 1, to: 3, timeMs: 5_000, pageBytes: 1 }, 'silence');
    forever();
  },
  'help-backwards': (nonce) => {
    callForHelp(nonce, { from: 3, to: 1, timeMs: 5_000, pageBytes: 1 }, 'x');
    forever();
  },
  'help-no-numbers': (nonce) => {
    callForHelp(nonce, { from: '1', to: [3], timeMs: null }, 'x');
    forever();
  },
  'help-ten-gigabytes': (nonce) => {
    write(encodeFrame(FRAME.help, { nonce, from: 1, to: 3, timeMs: 1, pageBytes: 1 }, 0xffffffff));
    endless(Buffer.alloc(65536));
  },
  /** Behaves once, and spoils whatever comes after. */
  sleeper: (nonce, input) => {
    spoilsNext = true;
    write(answerTo(nonce, input));
  },
};

let spoilsNext = false;
if (process.argv.includes('early')) write(answerTo('00'.repeat(16), Buffer.alloc(0)));
write(encodeFrame(FRAME.ready, {}, 0));
for (;;) {
  const head = decodeHead(read(HEAD_BYTES));
  const header = decodeJson(read(head?.headerBytes ?? 0));
  const input = read(head?.blobBytes ?? 0);
  const nonce = String(header?.['nonce']);
  if (head?.kind === FRAME.helped) continue;
  if (spoilsNext) process.exit(3);
  const lie = LIES[input.toString('latin1')];
  if (lie === undefined) write(answerTo(nonce, input));
  else lie(nonce, input);
}
