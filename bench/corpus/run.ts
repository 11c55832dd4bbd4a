/** A folder through the gateway, and all judges over what came out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgesWith } from '../../test/judges/all.ts';
import type { Judge, Subject } from '../../test/judges/judge.ts';
import { layOut, promisedBy } from '../../test/judges/subject.ts';
import { missingOf } from '../../test/judges/tools.ts';
import { openOffline } from '../../test/kit/offline.ts';
import { type CorpusInput, mailOf } from './inputs.ts';

export interface CorpusRow {
  readonly path: string;
  readonly kind: string;
  /** 'sanitized', 'sanitized-with-hold', 'held(reason)', or 'failed' when not even a notice could be written. */
  readonly verdict: string;
  /** Outcomes of the parts, blocked ones with their reason. */
  readonly parts: readonly string[];
  readonly ms: number;
  /** How children died over it. */
  readonly deaths: readonly string[];
  /** Why the gate refused what our own child wrote. */
  readonly refused: readonly string[];
  /** Parts that ended in our failure or in a time-out. */
  readonly internal: readonly string[];
  readonly canaries: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface JudgeRun {
  readonly name: string;
  readonly ms: number;
  /** Tools that are not here: it looked at nothing. */
  readonly missing: readonly string[];
  readonly findings: readonly { readonly path: string; readonly what: string }[];
}

export interface CorpusRun {
  readonly rows: readonly CorpusRow[];
  readonly judges: readonly JudgeRun[];
}

export interface CorpusOptions {
  /** A new folder for what comes out. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Which judges; default: all. */
  readonly judges?: (judge: Judge) => boolean;
  /** Mails beside the folder's, with what was planted in them. */
  readonly also?: readonly (CorpusInput & ReturnType<typeof mailOf>)[];
}

/** Mails in work at once, as many as a small machine has cores. */
const AT_ONCE = 2;
const SAY_EVERY = 100;

export async function runCorpus(inputs: readonly CorpusInput[], options: CorpusOptions): Promise<CorpusRun> {
  const { folder, say, judges: wanted = () => true, also = [] } = options;
  const offline = await openOffline();
  try {
    const all = [...inputs, ...also];
    const rows: CorpusRow[] = new Array(all.length);
    const subjects: (Subject | undefined)[] = new Array(all.length);
    let next = 0;
    let done = 0;
    const work = async (): Promise<void> => {
      for (let i = next++; i < all.length; i = next++) {
        const input = all[i] as CorpusInput;
        const mail = 'bytes' in input ? (input as CorpusInput & ReturnType<typeof mailOf>) : mailOf(input);
        const place = join(folder, String(i));
        mkdirSync(place, { recursive: true });
        const original = join(place, 'original.eml');
        writeFileSync(original, mail.bytes);
        try {
          const made = await offline.sanitize(mail.bytes);
          const { bytes: message, report } = made;
          const { canaries } = mail;
          subjects[i] = layOut(place, { id: input.path, message, promised: promisedBy(report), canaries, original });
          rows[i] = rowOf(input, mail, made);
        } catch (error) {
          rows[i] = failedRow(input, mail, error);
        }
        if (++done % SAY_EVERY === 0) say(`${done} of ${all.length} sanitized`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const laid = subjects.filter((subject) => subject !== undefined);
    const judges: JudgeRun[] = [];
    for (const judge of judgesWith(offline, join(folder, 'again')).filter(wanted)) {
      judges.push(await ask(judge, laid));
      const { name, ms, findings, missing } = judges.at(-1) as JudgeRun;
      say(
        missing.length > 0
          ? `${name}: skipped, needs ${missing.join(', ')}`
          : `${name}: ${findings.length} findings, ${ms} ms`,
      );
    }
    return { rows, judges };
  } finally {
    await offline.close();
  }
}

/** What a judge says of these. */
export async function ask(judge: Judge, subjects: readonly Subject[]): Promise<JudgeRun> {
  const { name } = judge;
  const missing = missingOf(judge.needs);
  if (missing.length > 0 && process.env['SEKISHO_SERVICES'] !== '1') return { name, ms: 0, missing, findings: [] };
  const startedAt = performance.now();
  const findings = await judge.judge(subjects).then(
    (found) => found.map(({ subject, what }) => ({ path: subject, what })),
    // A judge that breaks has judged nothing: that is no acquittal.
    (error: unknown) => [{ path: '(all)', what: `the judge broke: ${String(error).slice(0, 500)}` }],
  );
  return { name, ms: Math.round(performance.now() - startedAt), missing: [], findings };
}

type Sanitized = Awaited<ReturnType<Awaited<ReturnType<typeof openOffline>>['sanitize']>>;
type Mail = ReturnType<typeof mailOf>;

function rowOf({ path, kind }: CorpusInput, mail: Mail, { bytes, report, problems, deaths, ms }: Sanitized): CorpusRow {
  const { verdict, attachments } = report;
  return {
    path,
    kind,
    verdict: verdict.kind === 'held' ? `held(${verdict.reason})` : verdict.kind,
    parts: attachments.map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome}(${reason})`)),
    ms,
    deaths,
    refused: verdict.kind === 'held' && verdict.reason === 'gate-refused' ? problems : [],
    internal: attachments
      .filter(({ reason }) => reason === 'sanitizer-failed' || reason === 'timeout')
      .map(({ path: part, reason, detail }) => `${part}: ${reason} ${detail ?? ''}`),
    canaries: mail.canaries.length,
    bytesIn: mail.bytes.length,
    bytesOut: bytes.length,
  };
}

const failedRow = ({ path, kind }: CorpusInput, mail: Mail, error: unknown): CorpusRow => ({
  path,
  kind,
  verdict: 'failed',
  parts: [],
  ms: 0,
  deaths: [],
  refused: [],
  internal: [String(error)],
  canaries: mail.canaries.length,
  bytesIn: mail.bytes.length,
  bytesOut: 0,
});
