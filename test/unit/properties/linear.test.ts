/**
 * Runs of one character, wherever a sender can put them: work that grows with the square of their length does not end within a
 * test's time (found so: 100,000 blanks in a text took 8 s, as many line ends 15 s, 700,000 brackets in the name of a file 171 s).
 */
import { expect, test } from 'vitest';
import { sanitizeMessage } from '../../../src/sanitize/sanitize.ts';
import { JOB } from '../../attacks/gate/door.ts';

const LENGTH = 400_000;
const RUNS = {
  blanks: ' ',
  'line ends': '\r\n',
  tabs: '\t',
  'wide blanks': '\u3000',
  dots: '.',
  quotes: '"',
  brackets: '<',
};
const HEAD = 'From: a@example.com\r\nMIME-Version: 1.0\r\n';

const base64 = (text: string): string =>
  Buffer.from(text)
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n');
const file = (type: string, text: string): string =>
  `${HEAD}Content-Type: ${type}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(text)}`;

const PLACES: Readonly<Record<string, (run: string) => string>> = {
  'a text': (run) => `${HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\na${run}x\r\n`,
  'a flowed text': (run) => `${HEAD}Content-Type: text/plain; format=flowed\r\n\r\na${run}x\r\n`,
  'a page': (run) => `${HEAD}Content-Type: text/html; charset=utf-8\r\n\r\n<pre>a${run}x</pre><p>b${run}y</p>\r\n`,
  'a text file': (run) => file('text/plain; name=a.txt', `a${run}x`),
  'the name of a file': (run) =>
    `${HEAD}Content-Type: text/plain\r\nContent-Disposition: attachment; filename*=utf-8''a${run.replaceAll('\r\n', ' ')}x.txt\r\n\r\nb\r\n`,
  'a subject': (run) => `Subject: a${run.replaceAll('\r\n', '\t')}x\r\n${HEAD}\r\nb\r\n`,
  'a list of recipients': (run) => `To: a${run.replaceAll('\r\n', ',')}x@b.example\r\n${HEAD}\r\nb\r\n`,
  'a table': (run) => file('text/csv; name=a.csv', `a,${run}x,b`),
};

for (const [place, mailOf] of Object.entries(PLACES)) {
  test.each(Object.entries(RUNS))(`${place} with %s without end`, async (_, character) => {
    const mail = Buffer.from(mailOf(character.repeat(Math.ceil(LENGTH / character.length))));
    const { report } = await sanitizeMessage(JOB, mail, () => undefined);
    expect(report.attachments.map(({ reason }) => reason)).not.toContain('timeout');
  });
}
