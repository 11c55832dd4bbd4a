/**
 * `node --expose-gc test/kit/heap.ts WARM MEASURED [keep]`: mails the whole way in this process, with the real jail; prints the
 * heap's growth per mail in bytes after a full collection, once the first WARM mails have compiled what runs.
 * With «keep» what arrived at the hop stays in memory: a leak of some kilobytes a mail, for the test to see.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openHouse } from './house.ts';

const [warm = 0, measured = 0] = process.argv.slice(2, 4).map(Number);
const keeps = process.argv[4] === 'keep';

const mail = (type: string, body: string): Buffer =>
  Buffer.from(
    `From: a@example.com\r\nTo: soumu@t1.example\r\nSubject: heap\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`,
  );
const KINDS: readonly Buffer[] = [
  mail('text/plain', 'words'),
  mail('text/html', '<p>words <a href="https://example.com/">link</a></p>'),
  mail(
    'multipart/mixed; boundary=b',
    '--b\r\n\r\nwords\r\n--b\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n=1+1,b\r\n\r\n--b--',
  ),
  mail('message/partial; id=x; number=1; total=2', 'held'),
];
/** So many wait at a time. */
const TOGETHER = 20;

const house = await openHouse({
  child: fileURLToPath(new URL('../../src/jail/child.ts', import.meta.url)),
  messageMs: 60_000,
});

async function run(count: number): Promise<number> {
  for (let at = 0; at < count; at++) {
    await house.accept(KINDS[at % KINDS.length] ?? Buffer.alloc(0));
    if (at % TOGETHER === TOGETHER - 1) await house.work();
  }
  await house.work();
  // The hop is the test's: what it keeps is no leak of the gateway.
  if (!keeps) (house.sink.received as unknown[]).length = 0;
  for (let times = 0; times < 3; times++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}

const before = await run(warm);
const after = await run(measured);
process.stdout.write(`${Math.round((after - before) / measured)}\n`);
await house.close();
rmSync(house.folder, { recursive: true });
