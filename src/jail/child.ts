/**
 * The program that opens strangers' files: runs sanitize/ inside the jail. It has no network, no keys and no disk; it
 * knows only what its parent sends. Started by launcher.ts, never by hand.
 */
import type { ChildAnswer, ChildJob, PagesJob } from '../message/jobs.ts';
import type { Parcel } from './protocol.ts';
import { type CallForHelp, muteConsole, serve } from './serve.ts';

muteConsole();
const { composeNotice, sanitizeDocument, sanitizeMessage } = await import('../sanitize/sanitize.ts');
const { drawPages } = await import('../sanitize/formats/pdf/help.ts');

await serve(async (ask, onPart, callForHelp) => {
  // The parent is trusted and typed; the child does not check it.
  const { job } = ask.body as { readonly job: ChildJob | PagesJob };
  const bytes = ask.blobs[0] ?? new Uint8Array();
  return job.kind === 'pages' ? drawPages(job, bytes) : toParcel(await run(job, bytes, onPart, callForHelp));
});

async function run(
  job: ChildJob,
  bytes: Uint8Array,
  onPart: (path: string) => void,
  ask: CallForHelp,
): Promise<ChildAnswer> {
  switch (job.kind) {
    case 'message':
      return { kind: 'message', ...(await sanitizeMessage(job, bytes, onPart, { ask })) };
    case 'document':
      return { kind: 'document', ...(await sanitizeDocument(job, bytes, onPart, { ask })) };
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
