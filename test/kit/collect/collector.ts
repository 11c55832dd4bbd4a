/**
 * What tests forward, kept for the judges: with SEKISHO_COLLECT_OUTPUTS=FOLDER every message that passes the gate, every
 * message that arrives at a next hop and every file that a converter calls built is written there, once a content.
 *
 * No test has to ask for it, so none can forget it: modules of the product are replaced by `wrapped/` on their way into the
 * tests and into the processes that tests start (plugin.ts, hook.ts). The product knows nothing of it.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** As the gateway's report names an output. */
export interface PromisedOutput {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly archivePath: string;
}

/** A line of `collected.jsonl`. */
export interface Collected {
  /** 'arrived': seen at a next hop, by whatever way it came there. */
  readonly kind: 'message' | 'arrived' | 'file';
  /** Name in the folder. */
  readonly file: string;
  /** `test/attacks/mime/kinds.test.ts › M44: …`; without a name when it was made before or between tests. */
  readonly test: string;
  /** Of a message: what its report promises, where the report is known. */
  readonly promised?: readonly PromisedOutput[];
}

export const COLLECT = 'SEKISHO_COLLECT_OUTPUTS';
/** Set by setup.ts, inherited by the processes that a test starts. */
export const CURRENT_TEST = 'SEKISHO_COLLECT_TEST';

const digest = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Tests of attacks and of whole gateways, and all that name a row of the catalogue or an invariant. */
export const isOfInterest = (test: string): boolean =>
  /^test\/(?:attacks|e2e|services|dialogs)\//.test(test) || /\b(?:[A-Z]\d{2}|INV-\d{2})\b/.test(test);

const known = new Set<string>();

/** Where it goes, when it is new and wanted. */
function place(name: string): { readonly folder: string; readonly test: string } | undefined {
  const folder = process.env[COLLECT] ?? '';
  const test = process.env[CURRENT_TEST] ?? '';
  if (folder === '' || !isOfInterest(test)) return undefined;
  const key = `${test}\n${name}`;
  if (known.has(key)) return undefined;
  known.add(key);
  mkdirSync(folder, { recursive: true });
  return { folder, test };
}

function keep(kind: Collected['kind'], file: string, bytes: Uint8Array, promised?: readonly PromisedOutput[]): void {
  const to = place(`${kind} ${file} ${promised === undefined ? '' : 'told'}`);
  if (to === undefined) return;
  if (!existsSync(join(to.folder, file))) writeFileSync(join(to.folder, file), bytes);
  const row: Collected = { kind, file, test: to.test, ...(promised === undefined ? {} : { promised }) };
  appendFileSync(join(to.folder, 'collected.jsonl'), `${JSON.stringify(row)}\n`, { mode: 0o666 });
}

/** @param report of the gateway, where it is at hand */
export function keepMessage(bytes: Uint8Array, report?: unknown): void {
  if ((process.env[COLLECT] ?? '') === '') return;
  keep('message', nameOf(bytes), bytes, report === undefined ? undefined : promisedBy(report));
}

/** At a next hop. */
export function keepArrived(bytes: Uint8Array): void {
  if ((process.env[COLLECT] ?? '') !== '') keep('arrived', nameOf(bytes), bytes);
}

function nameOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  // Receipt, time and boundary differ each time the same message is written.
  const same = text
    .replace(/^Sekisho-Receipt: .*\r\n(?:[ \t].*\r\n)*/, '')
    .replace(/^Received: .*\r\n(?:[ \t].*\r\n)*/, '')
    .replace(/=_sekisho_[0-9a-f]{32}/g, '');
  return `${digest(same)}.eml`;
}

/** A draft gets a receipt that is none: judges hold no key. */
export const withNoise = (draft: Uint8Array): Buffer => {
  const id = /^Received: [\s\S]{0,400}?\r\n ([0-9A-Z]{26});/.exec(Buffer.from(draft).toString('latin1', 0, 600))?.[1];
  const signature = 'A'.repeat(86);
  const lines = [
    'Sekisho-Receipt: v=1; k=0123456789abcdef; d=2026-11-22T05:00:00.000Z;',
    ' t=t1;',
    ` m=${id ?? ''}; p=0123456789abcdef;`,
    ` r=${'0'.repeat(64)};`,
    ` h=${digest(draft)};`,
    ` s=${signature.slice(0, 64)}`,
    ` ${signature.slice(64)}==`,
  ];
  return Buffer.concat([Buffer.from(lines.map((line) => `${line}\r\n`).join('')), draft]);
};

const ENDS: readonly (readonly [end: string, begins: RegExp])[] = [
  ['pdf', /^%PDF-/],
  ['png', /^\x89PNG/],
  ['jpg', /^\xff\xd8/],
  ['zip', /^PK/],
  ['txt', /^\xef\xbb\xbf/],
];

/** @param isTable which of the two kinds that begin alike it is */
export function keepFile(bytes: Uint8Array, isTable: () => boolean): void {
  if ((process.env[COLLECT] ?? '') === '') return;
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  const end = ENDS.find(([, begins]) => begins.test(start))?.[0] ?? 'bin';
  keep('file', `${digest(bytes)}.${end === 'txt' && isTable() ? 'csv' : end}`, bytes);
}

/** A word planted somewhere, for the canary judge. */
export function keepCanary(canary: object): void {
  const to = place(JSON.stringify(canary));
  if (to === undefined) return;
  const row = JSON.stringify({ ...canary, test: to.test });
  appendFileSync(join(to.folder, 'canaries.jsonl'), `${row}\n`, { mode: 0o666 });
}

function promisedBy(report: unknown): readonly PromisedOutput[] {
  const { attachments } = report as {
    readonly attachments: readonly {
      readonly outputs: readonly (Omit<PromisedOutput, 'archivePath'> & { archivePath?: string })[];
    }[];
  };
  return attachments.flatMap(({ outputs }) =>
    outputs.map(({ name, type, bytes, sha256, archivePath = '' }) => ({ name, type, bytes, sha256, archivePath })),
  );
}
