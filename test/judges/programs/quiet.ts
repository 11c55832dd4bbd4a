/** Run under strace by ../silence.ts: the jail is opened and probed, then the mails named on the command line are sanitized. */
import { readFileSync } from 'node:fs';
import { openOffline } from '../../kit/offline.ts';

const offline = await openOffline();
process.stdout.write(`mark ${Date.now()}\n`);
for (const file of process.argv.slice(2)) await offline.sanitize(readFileSync(file));
process.stdout.write(`end ${Date.now()}\n`);
await offline.close();
