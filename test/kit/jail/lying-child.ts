/**
 * A hijacked converter: it does what the product's child does, but for a message whose subject says `lie: NAME`. For
 * `lie: answer` it answers with the bytes that the mail's body gives it, so that any draft can be put to the gate.
 * Notices it writes honestly: they come from fresh processes, which no mail has touched.
 */
import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { decodeHead, decodeJson, encodeFrame, FRAME, HEAD_BYTES, isRecord } from '../../../src/jail/protocol.ts';
import type { ChildJob } from '../../../src/message/jobs.ts';
import { composeNotice, type MessageAnswer, sanitizeMessage } from '../../../src/sanitize/sanitize.ts';

/** Stands in drafts where the id of the message in work must stand: otherwise that alone would refuse them. */
const ID_IN_DRAFTS = '01JD9ZK3V7Q8W2M4N6P0R5S7T9';

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
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const framed = (nonce: string, answer: MessageAnswer, hash = sha256(answer.bytes)): Buffer => {
  const { bytes, report, preview } = answer;
  const body = { kind: 'message', report, preview };
  const blobs = [{ bytes: bytes.length, sha256: hash }];
  return Buffer.concat([encodeFrame(FRAME.answer, { nonce, body, blobs }, bytes.length), bytes]);
};
const forever = (): never => {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
};
const endless = (): never => {
  for (;;) write(Buffer.alloc(1024 * 1024, 0x41));
};

interface Asked {
  readonly nonce: string;
  readonly input: Buffer;
  readonly honest: MessageAnswer;
  readonly messageId: string;
}

/** What follows the header of the mail. */
const bodyOf = (input: Buffer): Buffer => input.subarray(input.indexOf('\r\n\r\n') + 4);

const LIES: Readonly<Record<string, (asked: Asked) => void>> = {
  answer({ nonce, input, honest, messageId }) {
    const draft = Buffer.from(bodyOf(input).toString('latin1'), 'base64').toString('latin1');
    const bytes = Buffer.from(draft.replaceAll(ID_IN_DRAFTS, messageId), 'latin1');
    write(framed(nonce, { ...honest, bytes }));
  },
  original: ({ nonce, input, honest }) => write(framed(nonce, { ...honest, bytes: input })),
  'original-changed'({ nonce, input, honest }) {
    const bytes = Buffer.from(input);
    bytes[bytes.length - 3] = 0x21;
    write(framed(nonce, { ...honest, bytes }));
  },
  'original-behind': ({ nonce, input, honest }) =>
    write(framed(nonce, { ...honest, bytes: Buffer.concat([honest.bytes, input]) })),
  'original-before': ({ nonce, input, honest }) =>
    write(framed(nonce, { ...honest, bytes: Buffer.concat([input, honest.bytes]) })),
  'wrong-hash': ({ nonce, honest }) => write(framed(nonce, honest, '00'.repeat(32))),
  'stale-hash'({ nonce, honest, input }) {
    write(framed(nonce, { ...honest, bytes: input }, sha256(honest.bytes)));
  },
  'wrong-nonce': ({ honest }) => write(framed('00'.repeat(16), honest)),
  'no-nonce': ({ honest }) => write(framed('', honest)),
  twice: ({ nonce, honest }) => write(Buffer.concat([framed(nonce, honest), framed(nonce, honest)])),
  trailing: ({ nonce, honest }) => write(Buffer.concat([framed(nonce, honest), Buffer.from('x')])),
  'ten-gigabytes'({ nonce }) {
    write(encodeFrame(FRAME.answer, { nonce, body: {}, blobs: [] }, 0xffffffff));
    endless();
  },
  'ten-gigabytes-of-header'() {
    const head = encodeFrame(FRAME.answer, {}, 0);
    head.writeUInt32BE(0xfffffff0, 8);
    write(head);
    endless();
  },
  noise: endless,
  silence: forever,
  'silence-in-a-part'({ nonce }) {
    write(encodeFrame(FRAME.progress, { nonce, part: '2' }, 0));
    forever();
  },
  'half-an-answer'({ nonce, honest }) {
    write(framed(nonce, honest).subarray(0, 60));
    process.exit(0);
  },
  aborts: () => process.abort(),
  'no-report': ({ nonce, honest }) => write(framed(nonce, { ...honest, report: {} as never })),
  'report-with-more': ({ nonce, honest }) =>
    write(framed(nonce, { ...honest, report: { ...honest.report, more: 'x'.repeat(100) } as never })),
  'preview-of-numbers': ({ nonce, honest }) =>
    write(framed(nonce, { ...honest, preview: { ...honest.preview, textAfter: 1 as never } })),
  'another-question'({ nonce, honest }) {
    const body = { kind: 'document', files: [], report: honest.report };
    write(encodeFrame(FRAME.answer, { nonce, body, blobs: [] }, 0));
  },
};

write(encodeFrame(FRAME.ready, {}, 0));
for (;;) {
  const head = decodeHead(read(HEAD_BYTES));
  const header = decodeJson(read(head?.headerBytes ?? 0));
  const input = read(head?.blobBytes ?? 0);
  const body = header?.['body'];
  const job = (isRecord(body) ? body['job'] : undefined) as ChildJob;
  const nonce = String(header?.['nonce']);
  if (job.kind === 'notice') {
    write(framed(nonce, await composeNotice(job)));
    continue;
  }
  if (job.kind === 'document') process.exit(1);
  const honest = await sanitizeMessage(job, input, () => undefined);
  const lie = LIES[/^Subject: lie: (\S+)\r$/m.exec(input.toString('latin1'))?.[1] ?? ''];
  if (lie === undefined) write(framed(nonce, honest));
  else lie({ nonce, input, honest, messageId: job.facts.messageId });
}
