/**
 * The program in the place of jail/child.ts: hijacked from its first instruction, told where everything lies, and with
 * native code at hand. One attempt for each question; the answer says whether it got through.
 */
import { muteConsole, serve } from '../../../../src/jail/serve.ts';
import { ATTEMPTS } from './attempts.ts';
import { attempt } from './raw.ts';
import { ARMED, refused, type Targets, type Tried } from './targets.ts';

muteConsole();
await serve(async (ask) => ({ body: { ...(await run(ask.body as Targets)) }, blobs: [] }));

async function run(targets: Targets): Promise<Tried> {
  if (targets.attempt === ARMED) return attempt(targets, 'getpid');
  const attempted = ATTEMPTS.find(({ id }) => id === targets.attempt);
  if (attempted === undefined) throw new Error('no such attempt');
  try {
    return await attempted.run(targets);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return refused(code ?? name);
  }
}
