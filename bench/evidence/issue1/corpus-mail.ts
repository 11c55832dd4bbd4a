/**
 * Every mail of the corpora through the offline command, and through a running gateway where SMTP allows its bytes. The
 * judge is `sekisho verify`; that it refuses what it must is shown in the same run.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../../../test/kit/gateway.ts';
import { type OutgoingMail, sendAll } from '../../../test/kit/send.ts';
import type { Section, SectionContext } from '../section.ts';
import {
  markdownTable,
  type ReportRead,
  reportOf,
  type Sanitized,
  sample,
  sanitizeFiles,
  type Verified,
  verifyFiles,
} from './product.ts';

/** The issue counts 205; a corpus that shrinks must not pass. */
const MAILS = 205;
/** Of the short form, beside all of mail-ja. */
const SAMPLED = 40;
const SEED = 20_261_122;

interface Mail {
  readonly path: string;
  readonly file: string;
  readonly kind: string;
}

const mailsOf = (shared: string): readonly Mail[] =>
  readFileSync(join(shared, 'corpora/MANIFEST.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((cells) => /^mail-(?:ja|mime|malformed)$/.test(cells[8] ?? ''))
    .map((cells) => ({
      path: cells[0] ?? '',
      kind: cells[8] ?? '',
      file: join(shared, 'corpora', cells[0] ?? ''),
    }));

export const corpusMail: Section = {
  name: 'corpus-mail',
  bar: 'All 205 mail inputs of ../shared/corpora (kinds mail-*): no crash, no time-out, 100 % end in a message that `verify` accepts; the blocked parts listed with reasons.',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-mail-'));
    try {
      return await measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure({ shared, short, say }: SectionContext, folder: string) {
  const all = mailsOf(shared);
  const japanese = all.filter(({ kind }) => kind === 'mail-ja');
  const others = all.filter(({ kind }) => kind !== 'mail-ja');
  const mails = short ? [...japanese, ...sample(others, SAMPLED, SEED)] : all;
  const offline = await offlineRun(mails, folder);
  say(offline.summary);
  const smtp = await smtpRun(mails, join(folder, 'gateway'));
  say(smtp.summary);
  return {
    holds: all.length === MAILS && offline.problems.length === 0 && smtp.problems.length === 0,
    summary: `${offline.summary}; ${smtp.summary}`,
    details: [offline.details, smtp.details].join('\n\n'),
  };
}

interface Part {
  readonly summary: string;
  readonly details: string;
  readonly problems: readonly string[];
}

const list = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? `${title}: none` : `${title}:\n${lines.map((line) => `- ${line}`).join('\n')}`;

async function offlineRun(mails: readonly Mail[], folder: string): Promise<Part> {
  const out = join(folder, 'out');
  const keys = join(out, 'keys.json');
  const { rows, exit, stderr } = await sanitizeFiles(
    mails.map(({ file }) => file),
    { as: 'message', out },
  );
  const outputs = rows.map((row) => join(row.folder, 'message.eml'));
  const judged = await verifyFiles(outputs, ['--keys', keys]);
  const problems = [
    ...(exit === 0 || exit === 3 ? [] : [`sanitize ended with ${exit}: ${stderr.slice(0, 500)}`]),
    ...(rows.length === mails.length ? [] : [`${rows.length} rows for ${mails.length} inputs`]),
    ...rows.filter((row, i) => row.file !== mails[i]?.file).map((row) => `${row.file}: a row of another input`),
    ...judged.rows.filter(({ kind }) => kind !== 'verified').map((row) => `${row.file}: ${row.problems.join('; ')}`),
    ...rows.filter(({ verdict }) => /failed|timeout|gate/.test(verdict)).map((row) => `${row.file}: ${row.verdict}`),
    ...twice(judged.rows),
    ...(await controls(outputs[0] ?? '', mails[0]?.file ?? '', keys, folder)),
  ];
  const verified = judged.rows.filter(({ kind }) => kind === 'verified').length;
  const reports = rows.map((row, i) => ({ row, report: reportOf(row), path: mails[i]?.path ?? '' }));
  const internal = reports.flatMap(({ report, path }) =>
    report.attachments
      .filter(({ reason }) => reason === 'sanitizer-failed' || reason === 'timeout')
      .map((part) => `${path} part ${part.path}: ${part.reason} ${part.detail ?? ''}`),
  );
  const slowest = Math.max(...rows.map(({ ms }) => ms));
  return {
    problems: [...problems, ...internal],
    summary: `offline: ${rows.length} mails, ${verified} end in a message that verify accepts (${percent(verified, mails.length)}), ${problems.length} problems, slowest ${slowest} ms`,
    details: [
      '### `sekisho sanitize --as message`, then `sekisho verify`',
      tableByKind(mails, rows, judged.rows),
      list('Problems', [...problems, ...internal]),
      `Controls: an output with one byte changed, an output under another name's key file, and an original are refused by the same \`verify\`.`,
      list(
        'Held as a whole',
        reports
          .filter(({ report }) => report.verdict.kind === 'held')
          .map(({ path, report }) => `${path}: ${report.verdict.reason}`),
      ),
      `Blocked parts:\n\n${blockedTable(reports)}`,
    ].join('\n\n'),
  };
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** Each input must have a message of its own: one good message handed out 205 times would verify as well. */
function twice(rows: readonly Verified[]): string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ file, messageId = '' }) => {
    const again = seen.has(messageId);
    seen.add(messageId);
    return again || messageId === '' ? [`${file}: message id ${messageId} is not its own`] : [];
  });
}

/** What `verify` must refuse, so that its acceptance says something. */
async function controls(output: string, original: string, keys: string, folder: string): Promise<string[]> {
  const bytes = readFileSync(output);
  const changed = Buffer.from(bytes);
  const at = changed.length - 10;
  changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
  const changedFile = join(folder, 'changed.eml');
  writeFileSync(changedFile, changed);
  const noKeys = join(folder, 'other');
  await sanitizeFiles([original], { as: 'message', out: noKeys });
  const own = await verifyFiles([changedFile, original], ['--keys', keys]);
  const foreign = await verifyFiles([output], ['--keys', join(noKeys, 'keys.json')]);
  const rows = [...own.rows, ...foreign.rows];
  return rows.length === 3
    ? rows.filter(({ kind }) => kind !== 'refused').map(({ file }) => `control not refused: ${file}`)
    : [`controls gave ${rows.length} answers: ${own.stderr} ${foreign.stderr}`];
}

function tableByKind(mails: readonly Mail[], rows: readonly Sanitized[], judged: readonly Verified[]): string {
  const kinds = [...new Set(mails.map(({ kind }) => kind)), 'all'];
  const lines = kinds.map((kind) => {
    const own = [...mails.keys()].filter((i) => kind === 'all' || mails[i]?.kind === kind);
    const verdicts = own.map((i) => rows[i]?.verdict ?? 'no row');
    const count = (test: (verdict: string) => boolean): number => verdicts.filter(test).length;
    const held = [...new Set(verdicts.filter((verdict) => verdict.startsWith('held')))];
    return [
      kind,
      own.length,
      count((verdict) => verdict === 'sanitized'),
      count((verdict) => verdict === 'sanitized-with-hold'),
      held.length === 0 ? '0' : held.map((verdict) => `${count((each) => each === verdict)} (${verdict})`).join(', '),
      own.filter((i) => judged[i]?.kind === 'verified').length,
      `${Math.max(...own.map((i) => rows[i]?.ms ?? 0))} ms`,
    ];
  });
  return markdownTable(['kind', 'inputs', 'sanitized', 'with a held part', 'held', 'verify accepts', 'slowest'], lines);
}

function blockedTable(reports: readonly { readonly report: ReportRead; readonly path: string }[]): string {
  const rows = reports.flatMap(({ report, path }) =>
    report.attachments
      .filter(({ outcome }) => outcome === 'blocked' || outcome === 'waiting-for-password')
      .map((part) => [
        path,
        part.path,
        part.detectedType,
        part.reason ?? part.outcome,
        (part.detail ?? '').slice(0, 80),
      ]),
  );
  return markdownTable(['mail', 'part', 'type by bytes', 'reason', 'detail'], rows);
}

interface Sent {
  readonly mail: Mail;
  readonly outgoing: OutgoingMail;
  readonly recipient: string;
}

/** Real SMTP: each mail to a recipient of its own, so that what arrives can be told apart. */
async function smtpRun(mails: readonly Mail[], folder: string): Promise<Part> {
  const names = mails.map((_, i) => `m${i}`);
  const gateway = await startGateway({ folder, recipients: names });
  try {
    const sent: readonly Sent[] = mails.map((mail, i) => {
      const recipient = `m${i}@t1.example`;
      const text = readFileSync(mail.file, 'latin1').replace(/\r?\n/g, '\r\n');
      const bytes = Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
      return { mail, recipient, outgoing: { reversePath: 'sender@example.com', recipients: [recipient], bytes } };
    });
    const replies = await sendAll(
      sent.map(({ outgoing }) => outgoing),
      { port: gateway.smtpPort, connections: 4 },
    );
    await gateway.idle(300_000);
    const arrived = gateway.sink?.received ?? [];
    const judged = await verifyFiles(
      arrived.map(({ file }) => file),
      ['-c', gateway.configFile],
    );
    const accepted = sent.filter((_, i) => replies[i]?.accepted === true);
    const refused = sent.flatMap(({ mail }, i) =>
      replies[i]?.accepted === true ? [] : [`${mail.path}: ${replies[i]?.reply ?? replies[i]?.error}`],
    );
    const unanswered = refused.filter((line) => !/: 5\d\d /.test(line));
    const problems = [
      ...unanswered.map((line) => `no final answer: ${line}`),
      ...accepted.flatMap(({ mail, recipient }) => {
        const copies = arrived.filter(({ recipients }) => recipients.join() === recipient).length;
        return copies === 1 ? [] : [`${mail.path}: acknowledged, arrived ${copies} times`];
      }),
      ...(arrived.length === accepted.length ? [] : [`${arrived.length} arrived of ${accepted.length} acknowledged`]),
      ...judged.rows.filter(({ kind }) => kind !== 'verified').map((row) => `${row.file}: ${row.problems.join('; ')}`),
      ...(judged.rows.length === arrived.length ? [] : [`verify judged ${judged.rows.length} of ${arrived.length}`]),
      ...twice(judged.rows),
      ...(await stuck(gateway)),
    ];
    return {
      problems,
      summary: `SMTP: ${accepted.length} acknowledged, ${judged.rows.filter(({ kind }) => kind === 'verified').length} arrived and verify, ${refused.length} refused with a 5xx`,
      details: [
        '### The same mails over SMTP through a running gateway',
        'Lone LF is made CRLF before sending (RFC 5321 §2.3.8), nothing else is changed; one recipient each, 4 connections.',
        list('Refused at SMTP time', refused),
        list('Problems', problems),
      ].join('\n\n'),
    };
  } finally {
    await gateway.stop();
  }
}

/** Messages whose state is not an end. */
async function stuck(gateway: Awaited<ReturnType<typeof startGateway>>): Promise<string[]> {
  const database = await gateway.openDatabase();
  const rows = await database.read.selectFrom('recipient').select(['address', 'state']).execute();
  await database.close();
  return rows
    .filter(({ state }) => !/^delivered(?:-with-hold)?$|^held$/.test(state))
    .map(({ address, state }) => `${address}: ${state}`);
}
