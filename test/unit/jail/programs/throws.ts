/** A converter with a bug, whose error quotes the mail. */
import { muteConsole, serve } from '../../../../src/jail/serve.ts';

muteConsole();
await serve(async (ask) => {
  throw new RangeError(new TextDecoder().decode(ask.blobs[0]));
});
