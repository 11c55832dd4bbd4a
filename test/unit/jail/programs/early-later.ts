/** Is ready, and a moment later says something nobody asked for. */
import { writeSync } from 'node:fs';
import { encodeFrame, FRAME } from '../../../../src/jail/protocol.ts';

writeSync(1, encodeFrame(FRAME.ready, {}, 0));
setTimeout(() => writeSync(1, encodeFrame(FRAME.answer, { nonce: '00'.repeat(16), body: {}, blobs: [] }, 0)), 300);
setInterval(() => undefined, 1000);
