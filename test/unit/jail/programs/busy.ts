/** Ready, then busy for ever with its first job: deaf to its closed stdin. */
import { muteConsole, serve } from '../../../../src/jail/serve.ts';

muteConsole();
await serve(async (_ask, onPart) => {
  onPart('1');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
});
