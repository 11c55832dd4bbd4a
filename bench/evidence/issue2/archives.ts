/** Archives of the corpora beside independent programs: the same paths, names and hashes in report.json. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markdownTable, type ReportRead, reportOf, sanitizeFiles } from '../issue1/product.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';
import { type Opened, openedBy, type Taken } from './unpackers.ts';

const KINDS = ['archive', 'archive-ja', 'archive-lzh'];
const MAX_EXCEPTIONS = 3;

/** Held although some program opens them, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'libarchive/libarchive/test/test_read_format_lha_oversize_header.lzh':
    'a fuzzer’s file: the 19th header says that it is 4 GB long; programs stop there without a word',
  'rubyzip/test/data/invalid-split.zip': 'it calls itself the first volume of several; programs open what is there',
};

export const archives: Section = {
  name: 'archives',
  bar:
    'Corpus kinds archive, archive-ja, archive-lzh: every file that an independent tool (7z, unar, lhasa) opens without ' +
    'password is opened by ours: same paths, untrusted names and sha256 in report.json; exceptions ≤ 3, each named.',
  run: measure,
};

type Row = ReportRead['attachments'][number];

interface Compared {
  readonly path: string;
  readonly tools: readonly Opened[];
  readonly ours: readonly Row[];
  /** The program whose paths and hashes are ours, all of them. */
  readonly same: string | undefined;
  /** Files that some program takes out and that stand nowhere in our report, by hash. */
  readonly missing: readonly string[];
}

async function measure({ short, shared, say }: SectionContext): Promise<SectionResult> {
  const corpora = join(shared, 'corpora');
  const wanted = filesOf(corpora, KINDS).filter((_, i) => !short || i % 3 === 0);
  const out = mkdtempSync(join(tmpdir(), 'sekisho-archives-'));
  try {
    say(`${wanted.length} archives through \`sekisho sanitize\` and seven other programs …`);
    const ran = await sanitizeFiles(
      wanted.map((path) => join(corpora, path)),
      { as: 'document', out },
    );
    if (ran.rows.length !== wanted.length) throw new Error(`exit ${ran.exit}: ${ran.stderr.slice(-500)}`);
    const compared = wanted.map((path, i) => {
      const row = ran.rows[i];
      if (row === undefined) throw new Error(`no result for ${path}`);
      return compare(path, openedBy(join(corpora, path)), reportOf(row).attachments);
    });
    return resultOf(compared);
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** Paths below the corpora, of the kinds. */
export const filesOf = (corpora: string, kinds: readonly string[]): readonly string[] =>
  readFileSync(join(corpora, 'MANIFEST.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((row) => kinds.includes(row[8] ?? ''))
    .map((row) => row[0] ?? '');

function compare(path: string, tools: readonly Opened[], ours: readonly Row[]): Compared {
  const same = tools.find(({ files }) => isSame(files, ours))?.tool;
  const known = new Set(ours.map(({ sha256 }) => sha256));
  const links = new Set(ours.filter(isLink).map(({ untrustedName }) => plainPath(untrustedName)));
  const missing = tools.flatMap(({ tool, files }) =>
    files
      .filter(({ sha256, path: inside }) => !known.has(sha256) && !links.has(plainPath(inside)))
      .map(({ path: inside }) => `${tool}: ${inside}`),
  );
  return { path, tools, ours, same, missing };
}

/** Links are listed by us and held (threats.tsv A31); programs make them, or the file they point at. */
const isLink = ({ detail }: Row): boolean => detail === 'hard link' || detail === 'symbolic link';

/** One level below the file itself, or wherever a program went deeper by itself. */
function isSame(files: readonly Taken[], ours: readonly Row[]): boolean {
  const links = new Set(ours.filter(isLink).map(({ untrustedName }) => plainPath(untrustedName)));
  const theirs = files
    .filter(({ path }) => !links.has(plainPath(path)))
    .map(({ path, sha256 }) => `${plainPath(path)} ${sha256}`);
  const depths = [...new Set(ours.map(({ path }) => path.split('/').length))].filter((depth) => depth > 1);
  return depths.some((depth) => {
    const own = ours
      .filter((row) => row.path.split('/').length === depth && !isLink(row))
      .map(({ untrustedName, sha256 }) => `${plainPath(untrustedName)} ${sha256}`);
    return own.toSorted().join('\n') === theirs.toSorted().join('\n');
  });
}

/** Programs write no `./`, no first slash and no backslash. */
const plainPath = (path: string): string =>
  path
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => !/^\.{0,2}$/.test(segment))
    .join('/')
    .normalize('NFC');

function resultOf(compared: readonly Compared[]): SectionResult {
  const openable = compared.filter(({ tools }) => tools.length > 0);
  const exceptions = openable.filter(({ same, missing }) => same === undefined || missing.length > 0);
  const unnamed = exceptions.filter(({ path }) => EXCEPTIONS[path] === undefined);
  const crashes = compared.filter(({ ours }) => ours.some(({ reason }) => reason === 'sanitizer-failed'));
  const inside = openable.reduce((sum, { ours }) => sum + ours.length - 1, 0);
  const toolNames = (row: Compared): string => row.tools.map(({ tool, files }) => `${tool} ${files.length}`).join(', ');
  const ended = ({ ours }: Compared): string =>
    ours[0] === undefined
      ? ''
      : `${ours[0].reason ?? ours[0].outcome}${ours[0].detail === undefined ? '' : `: ${ours[0].detail}`}`;
  return {
    holds: openable.length > 0 && exceptions.length <= MAX_EXCEPTIONS && unnamed.length === 0 && crashes.length === 0,
    summary: `${openable.length - exceptions.length} of ${openable.length} archives that another program opens: same paths, names and hashes (${inside} files inside, recursion included); exceptions ${exceptions.length}, of them named ${exceptions.length - unnamed.length}; ${compared.length - openable.length} that no program opens without password are held`,
    details: [
      'A file counts when at least one program (7z, unar, lhasa, GNU tar, bsdtar, unzip, Python) ends without error. Ours must agree with one of them in every path and',
      'hash of one level, and no hash that any of them takes out may be missing from report.json. Links are listed and held (A31).',
      '',
      '### Exceptions',
      '',
      exceptions.length === 0
        ? 'None.'
        : markdownTable(
            ['archive', 'why', 'programs', 'ours', 'same as', 'missing'],
            exceptions.map((row) => [
              row.path,
              EXCEPTIONS[row.path] ?? 'not named: to be looked at',
              toolNames(row),
              ended(row),
              row.same ?? 'none',
              row.missing.slice(0, 6).join('; '),
            ]),
          ),
      '',
      '### All',
      '',
      markdownTable(
        ['archive', 'programs and files', 'same as', 'ours'],
        compared.map((row) => [
          row.path,
          toolNames(row) || 'none opens it',
          row.same ?? '–',
          `${row.ours.length - 1} inside; ${ended(row)}`,
        ]),
      ),
    ].join('\n'),
  };
}
