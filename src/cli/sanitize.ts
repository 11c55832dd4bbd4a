/**
 * `sekisho sanitize FILE… --out DIR`: messages or documents, offline, through the same jail and gate as mail. Receipts
 * are signed with a key of this run (DIR/keys.json holds its public half), which no outlet trusts.
 */
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { policiesOf } from '../config/policies.ts';
import { settingsSchema } from '../config/schema.ts';
import { type RebuildDeps, rebuildDocument, rebuildMessage, writeNotice } from '../flow/rebuild.ts';
import { passGate } from '../gate/pass.ts';
import type { Jail } from '../jail/jail.ts';
import { openJail } from '../jail/open.ts';
import { writePublicKeys } from '../keys/directory.ts';
import { temporaryKeys } from '../keys/temporary.ts';
import { GatewayError } from '../message/errors.ts';
import { SAFE_TYPES } from '../message/file-type.ts';
import { newId } from '../message/ids.ts';
import type { DraftFile, TrustedFacts } from '../message/jobs.ts';
import type { Report } from '../message/report.ts';
import { BLOCK_SENTENCES, HOLD_SENTENCES, type Language, OUTCOME_SENTENCES } from '../message/texts.ts';
import type { Policy } from '../policy/policy.ts';
import { type Log, openLog } from '../telemetry/log.ts';
import { offlineJail } from './offline.ts';
import { EXIT, openOutput, printable, progress, unreadableFiles } from './output.ts';

interface Options {
  readonly out: string;
  readonly as: string;
  readonly policy?: string;
  readonly password?: readonly string[];
  readonly json?: true;
}

interface Result {
  readonly file: string;
  readonly folder: string;
  readonly verdict: string;
  readonly written: readonly string[];
  readonly ms: number;
  readonly problems: readonly string[];
}

/** A result with what a person is told of it. */
interface Done {
  readonly result: Result;
  readonly report: Report;
}

/** Inputs in work at once: as many as there are cores on a small machine. */
const AT_ONCE = 2;

/** Public keys of this run, beside the inputs' folders. */
const KEYS_FILE = 'keys.json';

const TENANT = { id: 'offline', name: 'オフライン', domains: [] } as const;

export async function sanitize(files: readonly string[], options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  if (!['auto', 'message', 'document'].includes(options.as)) {
    process.stderr.write('--as: auto, message or document\n');
    return EXIT.wrongUsage;
  }
  const unreadable = unreadableFiles(files);
  if (unreadable.length > 0) {
    process.stderr.write(`${unreadable.map(printable).join('\n')}\n`);
    return EXIT.wrongUsage;
  }
  const run = await openRun(options);
  try {
    const folders = outputFolders(files, options.out);
    const done: Done[] = new Array(files.length);
    let next = 0;
    let finished = 0;
    const work = async (): Promise<void> => {
      for (let i = next++; i < files.length; i = next++) {
        done[i] = await one(run, files[i] ?? '', folders[i] ?? '', options);
        progress(++finished, files.length, files[i] ?? '');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (output.json) output.value(done.map(({ result }) => result));
    else for (const each of done) output.line(sentence(each, output.language));
    return done.every(({ report }) => report.verdict.kind === 'sanitized') ? EXIT.done : EXIT.held;
  } finally {
    await run.jail.close();
  }
}

interface Run extends RebuildDeps {
  readonly policy: Policy;
  readonly passwords: readonly string[];
}

async function openRun(options: Options): Promise<Run> {
  const log: Log = openLog('sanitize', 'error');
  const policy = offlinePolicy(options.policy);
  mkdirSync(options.out, { recursive: true });
  const keys = temporaryKeys()('sanitizer');
  const madeAt = new Date().toISOString();
  writePublicKeys(
    join(options.out, KEYS_FILE),
    keys.receiptVerifiers().map((key) => ({ ...key, purpose: 'receipt', role: 'sanitizer', madeAt })),
  );
  const jail: Jail = await openJail({ settings: offlineJail(options.out), log });
  return { jail, gate: { jail, keys }, pass: passGate, now: Date.now, log, policy, passwords: options.password ?? [] };
}

/** A file with the settings of one policy, as they stand under `policies.NAME` of gateway.yaml. */
function offlinePolicy(file: string | undefined): Policy {
  try {
    const written: unknown = file === undefined ? {} : parseYaml(readFileSync(file, 'utf8'));
    const policies = settingsSchema.shape.policies.parse({ offline: written });
    const policy = policiesOf({ policies }).get('offline');
    if (policy !== undefined) return policy;
  } catch (cause) {
    throw new GatewayError('E_CONFIG_INVALID', `--policy ${file}: ${(cause as Error).message}`, {}, { cause });
  }
  throw new GatewayError('E_CONFIG_INVALID', `--policy ${file}: no policy in it`);
}

/** One folder per input, named like it; -2, -3 … when names repeat. */
function outputFolders(files: readonly string[], out: string): readonly string[] {
  const used = new Set([KEYS_FILE]);
  return files.map((file) => {
    const name = basename(file);
    let folder = name;
    for (let n = 2; used.has(folder); n++) folder = `${name}-${n}`;
    used.add(folder);
    return join(out, folder);
  });
}

async function one(run: Run, file: string, folder: string, options: Options): Promise<Done> {
  const startedAt = performance.now();
  const bytes = readFileSync(file);
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(folder);
  mkdirSync(folder, { recursive: true });
  const asMessage = options.as === 'message' || (options.as === 'auto' && looksLikeMessage(file, bytes));
  const { report, written, problems } = asMessage
    ? await message(run, bytes, folder)
    : await document(run, basename(file), bytes, folder);
  const ms = Math.round(performance.now() - startedAt);
  return { report, result: { file, folder, verdict: verdictOf(report), written, problems, ms } };
}

/** RFC 5322: header fields first. Only chooses the reader; a wrong guess ends in a held file, never in a looser one. */
function looksLikeMessage(file: string, bytes: Buffer): boolean {
  if (/\.(eml|mbox|mail)$/i.test(file)) return true;
  const head = bytes.toString('latin1', 0, 4096);
  return (
    /^(From [^\n]*\n|[A-Za-z][A-Za-z0-9-]*:[ \t])/.test(head) &&
    /^(received|from|date|message-id|mime-version):/im.test(head)
  );
}

type Made = Pick<Result, 'written' | 'problems'> & Pick<Done, 'report'>;

async function message(run: Run, bytes: Buffer, folder: string): Promise<Made> {
  const facts: TrustedFacts = {
    messageId: newId(),
    tenant: TENANT,
    gatewayHost: 'sekisho.invalid',
    reversePath: '',
    // A receipt is for someone: an envelope without recipients cannot be signed.
    recipients: ['offline@sekisho.invalid'],
    peerAddress: '',
    receivedAtMs: Date.now(),
    originalBytes: bytes.length,
    contact: '',
  };
  const subject = { facts, policy: run.policy, passwords: run.passwords, lineEnds: 'any' as const };
  const rebuilt = await rebuildMessage(run, subject, bytes);
  const passed =
    rebuilt.kind === 'passed'
      ? rebuilt
      : await writeNotice(run, {
          facts,
          notice: { kind: 'message-held', reason: rebuilt.reason },
          to: facts.recipients,
          from: 'sekisho@sekisho.invalid',
          policyVersion: run.policy.version,
        });
  writeNew(join(folder, 'message.eml'), passed.bytes);
  writeReport(folder, passed.report);
  return {
    report: passed.report,
    written: ['message.eml', 'report.json'],
    problems: rebuilt.kind === 'held' ? rebuilt.problems : [],
  };
}

async function document(run: Run, untrustedName: string, bytes: Buffer, folder: string): Promise<Made> {
  const { policy, passwords } = run;
  const rebuilt = await rebuildDocument(run.jail, { untrustedName, policy, passwords }, TENANT.id, bytes);
  writeReport(folder, rebuilt.report);
  const { report } = rebuilt;
  if (rebuilt.kind === 'held') return { report, written: ['report.json'], problems: rebuilt.problems };
  const written = rebuilt.files.map((file, i) => writeDraft(folder, file, i));
  return { report, written: [...written, 'report.json'], problems: [] };
}

const verdictOf = ({ verdict }: Report): string => (verdict.kind === 'held' ? `held: ${verdict.reason}` : verdict.kind);

/** The name comes out of the jail: only a plain file name with the right extension is believed. */
function writeDraft(folder: string, file: DraftFile, index: number): string {
  const { extension } = SAFE_TYPES[file.type];
  const plain = /^[^\p{Cc}\p{Cf}/\\:*?"<>|]{1,120}$/u.test(file.name) && file.name.endsWith(`.${extension}`);
  const name = plain ? file.name : `file-${index + 1}.${extension}`;
  writeNew(join(folder, name), file.bytes);
  return name;
}

const writeReport = (folder: string, report: Report): void =>
  writeNew(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);

/** In place of what stands there, never through it: a link that waited for us leads to another's file (threats.tsv A18). */
function writeNew(path: string, content: Uint8Array | string): void {
  rmSync(path, { force: true });
  writeFileSync(path, content, { flag: 'wx' });
}

/** One line for the file, and one for each thing in it that is held. */
function sentence({ result, report }: Done, language: Language): string {
  const { file, folder, written, problems } = result;
  const { verdict } = report;
  const mark = verdict.kind === 'sanitized' ? '✓' : '!';
  const said = verdict.kind === 'held' ? HOLD_SENTENCES[verdict.reason] : VERDICTS[verdict.kind];
  const why = problems.length === 0 ? '' : ` (${printable(problems.slice(0, 3).join('; '))})`;
  const head = `${mark} ${printable(file)}: ${said[language]}${why} → ${printable(folder)}/ ${written.map(printable).join(', ')}`;
  const held = report.attachments.flatMap(({ untrustedName, outcome, reason }) => {
    if (outcome !== 'blocked' && outcome !== 'waiting-for-password') return [];
    const because = reason === undefined ? OUTCOME_SENTENCES[outcome] : BLOCK_SENTENCES[reason];
    return [`    ${printable(untrustedName)}: ${because[language]}`];
  });
  return [head, ...held].join('\n');
}

const VERDICTS = {
  sanitized: { ja: '無害化しました', en: 'made safe' },
  'sanitized-with-hold': { ja: '保留したものがあります', en: 'something is held' },
} as const;
