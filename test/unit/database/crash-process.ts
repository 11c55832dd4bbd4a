/** A process that dies inside the third of four writes of one batch. Prints `+n` for each write that resolved. */
import { openDatabase } from '../../../src/database/open.ts';
import { jobRow } from './rows.ts';

const database = await openDatabase({ file: process.argv[2] ?? '' });
await Promise.all(
  [1, 2, 3, 4].map(async (n) => {
    await database.write(async (tx) => {
      await tx
        .insertInto('job')
        .values(jobRow(String(n)))
        .execute();
      if (n === 3) process.kill(process.pid, 'SIGKILL');
    });
    process.stdout.write(`+${n}\n`);
  }),
);
