/** Says something nobody asked for together with «ready», in one write. */
import { writeSync } from 'node:fs';
import { encodeFrame, FRAME } from '../../../../src/jail/protocol.ts';

const answer = encodeFrame(FRAME.answer, { nonce: '00'.repeat(16), body: {}, blobs: [] }, 0);
writeSync(1, Buffer.concat([encodeFrame(FRAME.ready, {}, 0), answer]));
setInterval(() => undefined, 1000);
