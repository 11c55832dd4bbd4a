/** The jail as one thing: two crews of processes, converters and inspectors, that never mix. Implements jail.ts. */
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/schema.ts';
import { SAFE_TYPES, type SafeType } from '../message/file-type.ts';
import type { ChildAnswer, ChildJob, DraftFile, PagesJob, Preview } from '../message/jobs.ts';
import type { Report } from '../message/report.ts';
import type { Log } from '../telemetry/log.ts';
import { Crew } from './crew.ts';
import type { Jail, JailAnswer } from './jail.ts';
import { commandFor } from './launcher.ts';
import type { LayerReport } from './layers.ts';
import {
  type AnswerBounds,
  boundsOf,
  boundsOfPages,
  type HelpRequest,
  INSPECTION_BOUNDS,
  isRecord,
  NOTICE_BOUNDS,
  type Parcel,
} from './protocol.ts';
import { findTools } from './tools.ts';

export interface JailOptions {
  readonly settings: Pick<Settings, 'jail' | 'sanitizer'>;
  /** From probeLayers: how children are started here. */
  readonly layers: LayerReport;
  readonly log: Log;
  /** Absolute paths; tests put lying programs here. */
  readonly programs?: { readonly child: string; readonly inspector: string };
}

/** A jail whose processes can be counted. */
export interface OpenJail extends Jail {
  /** What holds around its processes, as probed when it was opened. */
  readonly layers: LayerReport;
  /** Process ids of the launchers of all children alive. */
  readonly pids: () => { readonly child: readonly number[]; readonly inspector: readonly number[] };
}

/** Beside the extension of this very file: `.ts` in a clone, `.js` as built. */
const beside = (name: string): string =>
  fileURLToPath(new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** A sentence of the inspector goes into log and audit. */
const MAX_PROBLEMS = 100;
const MAX_PROBLEM_CHARS = 300;

/** Starts nothing yet: call `warm`. */
export function createJail({ settings, layers, log, programs }: JailOptions): OpenJail {
  const tools = findTools();
  const { children, documentsPerChild } = settings.sanitizer;
  const openCrew = (name: string, program: string): Crew =>
    new Crew({
      name,
      command: () => commandFor(layers.plan, tools, program),
      maxBound: children,
      maxJobsPerProcess: documentsPerChild,
      log,
    });
  const converters = openCrew('sanitizer', programs?.child ?? beside('child'));
  const inspectors = openCrew('inspector', programs?.inspector ?? beside('inspector'));
  warnOfRoot(layers, log);

  return {
    async run(job, input, { tenant, deadlineMs, fresh = false }) {
      const parcel = { body: { job }, blobs: [input] };
      const help = (request: HelpRequest): ReturnType<typeof pagesFor> => pagesFor(job, request);
      const answer = await converters.run({ tenant, parcel, bounds: boundsFor(job), deadlineMs, fresh, help });
      return read(answer, (done) => readAnswer(job, done));
    },
    async inspect(files, { tenant, deadlineMs }) {
      const parcel = { body: { types: files.map(({ type }) => type) }, blobs: files.map(({ bytes }) => bytes) };
      const answer = await inspectors.run({ tenant, parcel, bounds: INSPECTION_BOUNDS, deadlineMs, fresh: false });
      return read(answer, readProblems);
    },
    async warm() {
      await Promise.all([converters.warm(), inspectors.warm()]);
    },
    async close() {
      await Promise.all([converters.close(), inspectors.close()]);
    },
    layers,
    pids: () => ({ child: converters.pids, inspector: inspectors.pids }),
  };
}

/** Nobody runs strangers' files as root without having been told. */
function warnOfRoot(layers: LayerReport, log: Log): void {
  const own = layers.layers.find(({ name }) => name === 'own-uid');
  if (own?.held !== true)
    log.warn('jail.own-uid-not-held', { launcher: layers.plan.launcher, root: process.geteuid?.() === 0 });
}

function boundsFor(job: ChildJob): AnswerBounds {
  switch (job.kind) {
    case 'message':
      return boundsOf(job.policy, 'one-message');
    case 'document':
      return boundsOf(job.policy, 'files');
    case 'notice':
      return NOTICE_BOUNDS;
  }
}

/** The job that answers a call for help: the child's range and document, everything else from the job that we gave it. */
function pagesFor(
  job: ChildJob,
  { from, to, timeMs, pageBytes, bytes }: HelpRequest,
): { readonly parcel: Parcel; readonly bounds: AnswerBounds } | undefined {
  if (job.kind === 'notice' || to > job.policy.limits.maxPages) return undefined;
  const { policy, passwords } = job;
  const pages: PagesJob = { kind: 'pages', policy, passwords, from, to, timeMs, pageBytes };
  return { parcel: { body: { job: pages }, blobs: [bytes] }, bounds: boundsOfPages(policy, to - from) };
}

/** A well-framed answer of the wrong shape is a lie like any other. */
function read<T>(answer: JailAnswer<Parcel>, parse: (parcel: Parcel) => T | undefined): JailAnswer<T> {
  if (answer.kind === 'failed') return answer;
  const value = parse(answer.value);
  return value === undefined ? { kind: 'failed', why: 'lied', detail: 'shape of the answer' } : { kind: 'done', value };
}

function readAnswer(job: ChildJob, { body, blobs }: Parcel): ChildAnswer | undefined {
  if (!isRecord(body) || !isReport(body['report'])) return undefined;
  const { report } = body;
  if (job.kind === 'document') {
    const files = readFiles(body['files'], blobs);
    return body['kind'] === 'document' && files !== undefined ? { kind: 'document', files, report } : undefined;
  }
  const { preview } = body;
  const bytes = blobs[0];
  if (body['kind'] !== 'message' || bytes === undefined || !isPreview(preview)) return undefined;
  return { kind: 'message', bytes, report, preview };
}

/** Only that it is an object: flow/ validates it with the strict schema before anything is believed. */
const isReport = (value: unknown): value is Report => isRecord(value);

const isPreview = (value: unknown): value is Preview =>
  isRecord(value) &&
  value['version'] === 1 &&
  [value['textBefore'], value['textAfter'], value['hiddenText']].every((text) => typeof text === 'string');

function readFiles(value: unknown, blobs: readonly Uint8Array[]): readonly DraftFile[] | undefined {
  if (!Array.isArray(value) || value.length !== blobs.length) return undefined;
  const files = value.map((entry, index) => readFile(entry, blobs[index]));
  return files.every((file) => file !== undefined) ? files : undefined;
}

function readFile(entry: unknown, bytes: Uint8Array | undefined): DraftFile | undefined {
  if (!isRecord(entry) || bytes === undefined) return undefined;
  const { name, type } = entry;
  return typeof name === 'string' && isSafeType(type) ? { name, type, bytes } : undefined;
}

const isSafeType = (value: unknown): value is SafeType => typeof value === 'string' && Object.hasOwn(SAFE_TYPES, value);

function readProblems({ body }: Parcel): readonly string[] | undefined {
  const problems = isRecord(body) ? body['problems'] : undefined;
  if (!Array.isArray(problems) || !problems.every((problem) => typeof problem === 'string')) return undefined;
  return problems.slice(0, MAX_PROBLEMS).map((problem: string) => problem.slice(0, MAX_PROBLEM_CHARS));
}
