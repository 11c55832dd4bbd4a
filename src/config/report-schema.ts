/**
 * Strict schemas of what a jailed child says about its work (message/report.ts, Preview of message/jobs.ts), and the
 * published schema of `report.json`. The parent believes nothing else of it: a field too many, a string too long, a
 * number that is no count makes the whole answer a lie.
 *
 * Lengths are counted in UTF-16 units, twice what report.ts says in characters: rare kanji and emoji take two.
 */
import { z } from 'zod';
import { FILE_TYPES, type FileType, SAFE_TYPES, type SafeType } from '../message/file-type.ts';
import type { Preview } from '../message/jobs.ts';
import { BLOCK_REASONS, HOLD_REASONS, type PartOutcome, REMOVALS } from '../message/outcome.ts';
import type { Report } from '../message/report.ts';

/** As many as policy limits may allow parts (config/schema.ts, maxParts). */
const MAX_ATTACHMENTS = 5000;
/** More links than any newsletter of the corpus by two orders; further ones are in the text itself. */
const MAX_LINKS = 1000;
/** Files made of one attachment: an archive's members are attachments of their own. */
const MAX_OUTPUTS = 500;
/** There are about 20 kinds of removal, each listed once. */
const MAX_REMOVED = 50;
const MAX_DEFECTS = 200;
const MAX_LIMITS = 50;
const MAX_ENGINES = 50;
const MAX_TIMINGS = 100;
/** Names, media types, charsets: what mail headers carry; longer ones are cut by the child. */
const FACT = 2000;
/** Words of our own program: versions, defects, limits. */
const WORD = 100;
/** Half as much again as the largest body that a policy allows (5,000,000 characters). */
const MAX_PREVIEW = 8_000_000;
/** A day: no step lasts longer than its wall clock allows. */
const MAX_MS = 86_400_000;

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] => Object.keys(table) as K[];

const text = (max: number) => z.string().max(max);
const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileType = z.enum(keysOf<FileType>(FILE_TYPES));
const safeType = z.enum(keysOf<SafeType>(SAFE_TYPES));
const partOutcomes = [
  'rebuilt',
  'pdf',
  'text',
  'image',
  'waiting-for-password',
  'blocked',
] as const satisfies readonly PartOutcome[];

const removed = z
  .array(z.strictObject({ what: z.enum(REMOVALS), count: z.int().min(1) }))
  .max(MAX_REMOVED)
  .describe('What was in the original and is not in the result.');

const verdict = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sanitized') }),
  z.strictObject({ kind: z.literal('sanitized-with-hold') }),
  z.strictObject({ kind: z.literal('held'), reason: z.enum(HOLD_REASONS) }),
]);

const link = z.strictObject({
  untrustedText: text(400).describe('What the reader of the original saw.'),
  target: text(FACT).describe('Where it led: scheme and host, IDN in A-labels.'),
  suspicion: z.array(z.enum(['text-differs', 'punycode', 'ip-address', 'local-path', 'scheme'])).max(5),
});

const body = z.strictObject({
  declaredCharset: text(FACT).describe('As labelled; empty when missing.'),
  charset: text(WORD).describe('As used.'),
  source: z.enum(['plain', 'html', 'none']),
  links: z.array(link).max(MAX_LINKS),
  hiddenText: text(4000).describe('Text that the reader of the original would not have seen.'),
  removed,
});

const output = z.strictObject({
  name: text(FACT),
  archivePath: text(FACT).exactOptional().describe('Its place in the archive that holds it; absent for an attachment.'),
  type: safeType,
  bytes: count,
  sha256,
  pages: count.exactOptional().describe('Pages of a PDF, frames of an image.'),
});

const attachment = z.strictObject({
  path: text(300).describe('Position in the MIME tree and in files of files, like 2.1 or 2/3.'),
  untrustedName: text(FACT),
  declaredType: text(FACT),
  detectedType: fileType,
  bytes: count,
  sha256,
  outcome: z.enum(partOutcomes),
  reason: z.enum(BLOCK_REASONS).exactOptional().describe('Why it was blocked.'),
  detail: text(1000).exactOptional().describe('For the operator: what exactly was wrong.'),
  members: count.exactOptional().describe('Files found in it; each has an entry of its own.'),
  outputs: z.array(output).max(MAX_OUTPUTS),
  removed,
  links: z.array(link).max(MAX_LINKS).exactOptional().describe('Links in it, made unclickable.'),
});

const header = z.strictObject({
  subject: text(FACT),
  from: text(FACT),
  to: text(FACT),
  cc: text(FACT),
  date: text(FACT),
  messageId: text(FACT),
});

/** A record with a bounded number of bounded keys. */
const table = <V extends z.ZodType>(value: V, max: number) =>
  z.record(text(WORD), value).refine((entries) => Object.keys(entries).length <= max, `more than ${max} entries`);

export const reportSchema = z.strictObject({
  version: z.literal(1),
  verdict,
  header: header.describe('Header facts of the original, decoded and cleaned for display.'),
  body,
  attachments: z.array(attachment).max(MAX_ATTACHMENTS),
  defects: z
    .array(z.strictObject({ what: text(WORD), count }))
    .max(MAX_DEFECTS)
    .describe('Deviations found in the MIME structure.'),
  limits: z.array(text(WORD)).max(MAX_LIMITS).describe('Limits that were met.'),
  versions: z.strictObject({ gateway: text(WORD), policy: text(WORD), engines: table(text(WORD), MAX_ENGINES) }),
  timings: table(z.number().nonnegative().max(MAX_MS), MAX_TIMINGS).describe('Milliseconds a step took.'),
});

export const previewSchema = z.strictObject({
  version: z.literal(1),
  textBefore: text(MAX_PREVIEW),
  textAfter: text(MAX_PREVIEW),
  hiddenText: text(MAX_PREVIEW),
});

/** The report when it is one of ours in every field, otherwise undefined. */
export function parseReport(json: unknown): Report | undefined {
  const { data } = reportSchema.safeParse(json);
  return data;
}

/** The preview when it is one of ours in every field, otherwise undefined. */
export function parsePreview(json: unknown): Preview | undefined {
  const { data } = previewSchema.safeParse(json);
  return data;
}

// Both directions, checked by the compiler: what is parsed is a Report, and every Report can be parsed.
true satisfies Exact<z.infer<typeof reportSchema>, Report>;
true satisfies Exact<z.infer<typeof previewSchema>, Preview>;

type Exact<Parsed, Declared> = [Parsed] extends [Declared]
  ? [Declared] extends [ReadonlyDeep<Parsed>]
    ? true
    : never
  : never;
type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;
