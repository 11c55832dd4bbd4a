/**
 * The program that opens strangers' files: runs sanitize/ inside the jail. It has no network, no keys and no disk; it
 * knows only what its parent sends. Started by launcher.ts, never by hand.
 */
import type { ChildAnswer, ChildJob } from '../message/jobs.ts';
import type { Parcel } from './protocol.ts';
import { muteConsole, serve } from './serve.ts';

muteConsole();
const { composeNotice, sanitizeDocument, sanitizeMessage } = await import('../sanitize/sanitize.ts');

await serve(async (ask, onPart) => {
  // The parent is trusted and typed; the child does not check it.
  const { job } = ask.body as { readonly job: ChildJob };
  return toParcel(await run(job, ask.blobs[0] ?? new Uint8Array(), onPart));
});

async function run(job: ChildJob, bytes: Uint8Array, onPart: (path: string) => void): Promise<ChildAnswer> {
  switch (job.kind) {
    case 'message':
      return { kind: 'message', ...(await sanitizeMessage(job, bytes, onPart)) };
    case 'document':
      return { kind: 'document', ...(await sanitizeDocument(job, bytes, onPart)) };
    case 'notice':
      return { kind: 'message', ...(await composeNotice(job)) };
  }
}

function toParcel(answer: ChildAnswer): Parcel {
  if (answer.kind === 'message') {
    const { kind, report, preview, bytes } = answer;
    return { body: { kind, report, preview }, blobs: [bytes] };
  }
  const { kind, report, files } = answer;
  return {
    body: { kind, report, files: files.map(({ name, type }) => ({ name, type })) },
    blobs: files.map((file) => file.bytes),
  };
}
