/** A small load of letters, PDFs and photos for several tenants at once: each arrives once, rebuilt, under its tenant's receipt. */
import { expect, test } from 'vitest';
import { mixedMails } from '../../bench/load/mails.ts';
import { openMemorySink } from '../../bench/load/sink.ts';
import { arrivalProblems, contentProblems, outcomeProblems } from '../../bench/load/verify.ts';
import { publicFile } from '../../src/keys/directory.ts';
import { loadReceiptVerifiers } from '../../src/keys/load.ts';
import { startGateway } from '../kit/gateway.ts';
import { sendAll } from '../kit/send.ts';

test('twenty mixed mails of three tenants at ten connections', { timeout: 120_000 }, async () => {
  const sink = await openMemorySink();
  const gateway = await startGateway({ tenants: 3, nextHopPort: sink.port });
  try {
    const mails = mixedMails(20, 3, 0);
    const results = await sendAll(mails, { port: gateway.smtpPort, connections: 10 });
    expect(results.every(({ accepted }) => accepted)).toBe(true);
    await gateway.idle(100_000);
    expect(arrivalProblems(mails, sink.received)).toEqual([]);
    expect(contentProblems(mails, sink.received, loadReceiptVerifiers(publicFile(gateway.folder)))).toEqual([]);
    const database = await gateway.openDatabase();
    expect(await outcomeProblems(database, mails)).toEqual([]);
    await database.close();
  } finally {
    await gateway.stop();
    await sink.close();
  }
});

test('the checks of the load see a lost, a doubled and a foreign mail, and bytes that nobody signed', () => {
  const mails = mixedMails(3, 1, 0);
  const [first, second] = mails.map(({ bytes }) => bytes);
  if (first === undefined || second === undefined) throw new Error('no mails');
  const foreign = Buffer.from('Message-ID: <x@y>\r\n\r\n');
  expect(arrivalProblems(mails, [first, second, second, foreign])).toEqual([
    '1 mails did not arrive',
    '1 mails arrived more than once',
    '1 mails arrived that nobody sent',
  ]);
  expect(contentProblems(mails, [first], [])).not.toEqual([]);
});
