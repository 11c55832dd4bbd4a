/** Benign mails through the gateway: none is held for what its composer did, and what they say arrives. */
import { createHash } from 'node:crypto';
import { messageFaults } from '../../test/judges/grammar/judge.ts';
import { readForwarded } from '../../test/kit/forwarded.ts';
import { type Made, openOffline } from '../../test/kit/offline.ts';
import { type MailCase, mailCases } from './case.ts';
import { COMPOSERS } from './compose.ts';

export interface ComposedMail {
  readonly composer: string;
  /** Undefined for a mail that somebody else wrote: of it we know only that it is benign. */
  readonly written: MailCase | undefined;
  readonly bytes: Buffer;
  readonly id: string;
}

/** `count` mails by all composers in their shares, each of a case of its own. */
export async function composeMails(count: number, seed: number): Promise<readonly ComposedMail[]> {
  const mails: ComposedMail[] = [];
  const whole = COMPOSERS.reduce((sum, { share }) => sum + share, 0);
  for (const [i, composer] of COMPOSERS.entries()) {
    const cases = await mailCases(Math.ceil((count * composer.share) / whole), seed + i * 100_000);
    const written = await composer.compose(cases);
    mails.push(
      ...written.map((bytes, n) => ({
        composer: composer.name,
        written: cases[n],
        bytes,
        id: `${composer.name} ${cases[n]?.number}`,
      })),
    );
  }
  return mails;
}

/**
 * What a parser has to understand of a mail, without its words: header and content fields with their parameters, encodings,
 * line ends, preamble. Mails that differ in text only have one structure.
 */
export function structureOf(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const boundaries = new Set([...text.matchAll(/boundary="?([^"\r\n;]+)/gi)].map(([, boundary = '']) => boundary));
  const lines: string[] = [];
  let inHeader = true;
  for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const delimiter = line.startsWith('--') && [...boundaries].some((boundary) => line.startsWith(`--${boundary}`));
    inHeader = delimiter || (inHeader && line !== '');
    if (inHeader) lines.push(delimiter ? '--' : line);
  }
  const shape = lines.map((line) =>
    line
      .replace(/=\?[^?]*\?([BQ])\?[^?]*\?=/gi, '=?$1?=')
      .replace(/"[^"]*"/g, '""')
      .replace(/[0-9]+/g, '0')
      .replace(
        /^((?:From|To|Cc|Subject|Date|Message-ID|Reply-To|References|In-Reply-To|Thread-Index|Content-ID)):.*$/i,
        (_, name: string) => `${name}:${/=\?/.test(line) ? 'encoded' : /"/.test(line) ? 'quoted' : 'plain'}`,
      )
      .replace(/filename\*?.*$/, (parameter) => parameter.replace(/=.*/, '')),
  );
  return createHash('sha256').update(shape.join('\n')).digest('hex').slice(0, 16);
}

export interface ComposerRow {
  readonly composer: string;
  readonly mails: number;
  readonly structures: number;
  readonly held: number;
  readonly blockedParts: number;
  readonly slowestMs: number;
}

export interface ComposedRun {
  readonly rows: readonly ComposerRow[];
  /** Different mails, by their bytes. */
  readonly distinct: number;
  readonly structures: number;
  readonly held: readonly string[];
  /** Mails that arrived without their text or a file, or outside of the grammar. */
  readonly lost: readonly string[];
}

const AT_ONCE = 2;

export async function sanitizeComposed(mails: readonly ComposedMail[]): Promise<ComposedRun> {
  const offline = await openOffline();
  const made: Made[] = new Array(mails.length);
  try {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let i = next++; i < mails.length; i = next++)
        made[i] = await offline.sanitize(mails[i]?.bytes ?? Buffer.alloc(0));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await offline.close();
  }
  const results = mails.map((mail, i) => ({ ...mail, made: made[i] as Made }));
  const rows = [...Map.groupBy(results, ({ composer }) => composer)].map(([composer, own]) => ({
    composer,
    mails: own.length,
    structures: new Set(own.map(({ bytes }) => structureOf(bytes))).size,
    held: own.filter((result) => isHeld(result.made)).length,
    blockedParts: own.flatMap((result) => blockedOf(result.made)).length,
    slowestMs: Math.max(...own.map((result) => result.made.ms)),
  }));
  return {
    rows,
    distinct: new Set(mails.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'))).size,
    structures: new Set(mails.map(({ bytes }) => structureOf(bytes))).size,
    held: results
      .filter((result) => isHeld(result.made))
      .map(
        ({ id, made: { report, problems } }) =>
          `${id}: ${report.verdict.kind === 'held' ? report.verdict.reason : ''} ${problems.join('; ')}`,
      ),
    lost: results.flatMap((result) => lossesOf(result).map((loss) => `${result.id}: ${loss}`)),
  };
}

const isHeld = ({ report }: Made): boolean => report.verdict.kind === 'held';

const blockedOf = ({ report }: Made): readonly string[] =>
  report.attachments
    .filter(({ outcome }) => outcome === 'blocked' || outcome === 'waiting-for-password')
    .map(({ untrustedName, reason, detail }) => `${untrustedName} blocked: ${reason} ${detail ?? ''}`);

/** A gateway that passes on nothing holds nothing for ambiguity: text and files must be there. */
function lossesOf({ written, made }: ComposedMail & { readonly made: Made }): readonly string[] {
  const faults = messageFaults(Buffer.from(made.bytes).toString('latin1'));
  if (written === undefined || isHeld(made)) return faults;
  const mail = readForwarded(Buffer.from(made.bytes));
  const words = written.text.flatMap((line) => line.match(/[\p{Script=Han}]{4,}/gu) ?? []);
  const missing = words.find((word) => !mail.text.includes(word));
  const outputs = made.report.attachments.filter(({ path }) => !path.includes('/')).length;
  return [
    ...faults,
    ...(mail.text.includes(written.token) ? [] : ['its text is not there']),
    ...(missing === undefined ? [] : [`«${missing}» is not in the text`]),
    ...(outputs >= written.files.length ? [] : [`${outputs} files of ${written.files.length}`]),
    ...blockedOf(made),
  ];
}
