/**
 * The program that judges our own output: runs inspect/ inside the jail, in a process that never saw an original.
 * Shares no code with the converters.
 */
import type { SafeType } from '../message/file-type.ts';
import { muteConsole, serve } from './serve.ts';

muteConsole();
const { inspectFile } = await import('../inspect/inspect.ts');

await serve(async (ask, onPart) => {
  // The parent is trusted and typed; the child does not check it.
  const { types } = ask.body as { readonly types: readonly SafeType[] };
  const problems: string[] = [];
  for (const [index, type] of types.entries()) {
    onPart(String(index));
    const bytes = ask.blobs[index] ?? new Uint8Array();
    for (const problem of await inspectFile(type, bytes)) problems.push(`${index} ${type}: ${problem}`);
  }
  return { body: { problems }, blobs: [] };
});
