/**
 * INV-08: our output is a mail like any other. Fed in again it passes with the same files, nothing in it is blocked, and it
 * grows by no more than 5 %, not counting the notice, which each passage puts on top.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Made, Offline } from '../kit/offline.ts';
import type { Finding, Judge, Subject } from './judge.ts';
import { letterSubject } from './letter.ts';
import { layOut, promisedBy } from './subject.ts';

const GROWTH = 1.05;
/** A second notice, with the sender's warnings, a list of files and what was changed in them; in bytes of text. */
const NOTICE_BYTES = 6_000;
/** A picture or table of a few hundred bytes cannot be held to 5 %. */
const SLACK_BYTES = 256;

/** @param folder for what comes out the second time */
export const idempotence = (product: Pick<Offline, 'sanitize'>, folder: string): Judge => ({
  name: 'idempotence',
  looksFor: 'output that does not pass again, loses or changes files, or grows by more than 5 %',
  needs: [],
  async judge(subjects) {
    const findings: Finding[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let i = next++; i < subjects.length; i = next++) {
        const subject = subjects[i] as Subject;
        const made = await product.sanitize(readFileSync(subject.file));
        for (const what of differences(subject, made, join(folder, String(i))))
          findings.push({ subject: subject.id, what });
      }
    };
    await Promise.all([work(), work()]);
    return findings;
  },
  async positiveControls(controls) {
    const subject = (name: string, bytes: Buffer) =>
      letterSubject(controls, `idempotence ${name}`, {
        files: [{ name: 'a.txt', type: 'text', bytes }],
      });
    return [
      {
        subject: subject('program', Buffer.from('\x7fELF\x02\x01\x01'.padEnd(200, '\0'), 'latin1')),
        says: /blocked: executable/,
      },
      { subject: subject('short lines', Buffer.from(`\ufeff${'http://a.jp/\r\n'.repeat(500)}`)), says: /grew/ },
      {
        subject: letterSubject(controls, 'idempotence fragment', {
          spoilAll: () => 'Content-Type: message/partial; id="a"; number=1; total=2\r\n\r\nx\r\n',
        }),
        says: /held: fragment/,
      },
    ];
  },
});

function differences(subject: Subject, { bytes, report, problems }: Made, folder: string): readonly string[] {
  const { verdict } = report;
  if (verdict.kind === 'held') return [`held: ${verdict.reason} ${problems.join('; ').slice(0, 200)}`];
  const blocked = report.attachments
    .filter(({ outcome }) => outcome === 'blocked' || outcome === 'waiting-for-password')
    .map(({ untrustedName, reason, detail }) => `${untrustedName} blocked: ${reason} ${detail ?? ''}`);
  const again = layOut(folder, { id: subject.id, message: bytes, promised: promisedBy(report) });
  const [before, after] = [shapeOf(subject), shapeOf(again)];
  const faults = [...blocked];
  // A text too long for the body goes on as a file, also the second time: nothing is lost by one more of these.
  if (before.join('\n') !== after.slice(0, before.length).join('\n') || after.length > before.length + 1) {
    faults.push(`files ${before.join(', ').slice(0, 200)} became ${after.join(', ').slice(0, 200)}`);
  }
  const [small, large] = [sizeOf(subject), sizeOf(again)];
  if (large > small * GROWTH + SLACK_BYTES * before.length) faults.push(`files grew from ${small} to ${large} bytes`);
  const [text, more] = [statSync(subject.body).size, statSync(again.body).size];
  if (more > text * GROWTH + NOTICE_BYTES) faults.push(`text grew from ${text} to ${more} bytes`);
  return faults;
}

const shapeOf = ({ leaves }: Subject): readonly string[] =>
  leaves.map(({ name, type, archive }) => `${archive === undefined ? '' : '↳'}${name} (${type})`);

const sizeOf = ({ leaves }: Subject): number =>
  leaves.filter(({ archive }) => archive === undefined).reduce((sum, { file }) => sum + statSync(file).size, 0);
