/** Says something nobody asked for as soon as it is ready. */
import { writeSync } from 'node:fs';
import { encodeFrame, FRAME } from '../../../../src/jail/protocol.ts';

writeSync(1, encodeFrame(FRAME.ready, {}, 0));
writeSync(1, encodeFrame(FRAME.answer, { nonce: '00'.repeat(16), body: {}, blobs: [] }, 0));
setInterval(() => undefined, 1000);
