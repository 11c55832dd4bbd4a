/** A process that writes until told to stop. Prints `+id` for each write that resolved and `!code` for each that failed. */
import { openDatabase } from '../../../src/database/open.ts';
import { GatewayError } from '../../../src/message/errors.ts';
import { jobRow } from './rows.ts';

const [file = '', name = '', forMs = '0'] = process.argv.slice(2);
const database = await openDatabase({ file });
const until = performance.now() + Number(forMs);

async function writer(number: number): Promise<void> {
  for (let i = 0; performance.now() < until; i++) {
    const id = `${name}-${number}-${i}`;
    try {
      await database.write(async (tx) => {
        await tx.insertInto('job').values(jobRow(id)).execute();
      });
      process.stdout.write(`+${id}\n`);
    } catch (error) {
      process.stdout.write(`!${error instanceof GatewayError ? error.code : String(error)}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 5 }, (_, number) => writer(number)));
await database.close();
