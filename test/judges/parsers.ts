/**
 * INV-07: every parser that we could get reads the same files out of a forwarded message as the gateway reports: name,
 * type, SHA-256 and length of each, in order, and the same text. Old lenient ones stand for the worst mail programs.
 *
 * Not all parsers tell everything; `LIMITS` says what is not asked of whom, and why.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { simpleParser } from 'mailparser';
import type { Finding, Judge, Subject } from './judge.ts';
import { type Letter, letterSubject } from './letter.ts';
import { KINDS } from './subject.ts';
import { askProgram, perlModule, program } from './tools.ts';

/** name, type, sha256, bytes; null: not told. */
type Row = readonly [name: string | null, type: string | null, sha256: string, bytes: number];
/** A manifest, or what the parser complained of. */
type Manifests = Readonly<Record<string, readonly Row[] | string>>;

interface Limit {
  /** Does not keep the order of the parts. */
  readonly anyOrder?: true;
  /** Keeps this many bytes of a name, counted in UTF-8. */
  readonly nameBytes?: number;
  /** Writes text with LF. */
  readonly lf?: true;
  /** Tells no more parts than this, the multipart itself among them. */
  readonly parts?: number;
}

const LIMITS: Readonly<Record<string, Limit>> = {
  // Writes files into a folder; has room for 128 bytes of a name, in the middle of a character or not.
  ripmime: { anyOrder: true, nameBytes: 128 },
  // For Unix: reads and writes text as lines.
  munpack: { lf: true },
  // MAXPARTS of its rfc2045.c: the rest is not told.
  reformime: { parts: 300 },
};

export const PARSERS = [
  'python email compat32',
  'python email default',
  'MIME::Parser',
  'Email::MIME',
  'ripmime',
  'munpack',
  'reformime',
  'mshow',
  'mailparser',
];

export const parsers: Judge = {
  name: 'parsers',
  looksFor: `a manifest other than the report's, by ${PARSERS.length} parsers`,
  needs: [
    perlModule('MIME::Parser', 'libmime-tools-perl'),
    perlModule('Email::MIME', 'libemail-mime-perl'),
    program('ripmime', 'ripmime'),
    program('munpack', 'mpack'),
    program('reformime', 'maildrop'),
    program('mshow', 'mblaze'),
  ],
  judge,
  async positiveControls(folder) {
    return Object.entries(CONTROLS).map(([says, content], i) => ({
      subject: letterSubject(folder, `parsers ${i}`, content),
      says: new RegExp(says),
    }));
  },
};

async function judge(subjects: readonly Subject[]): Promise<readonly Finding[]> {
  const questions = subjects.map(({ file }) => ({ file }));
  const [python, perl] = await Promise.all([
    askProgram<{ file: string }, Manifests>('parsers.py', questions),
    askProgram<{ file: string }, Manifests>('parsers.pl', questions),
  ]);
  const findings: Finding[] = [];
  for (const [i, subject] of subjects.entries()) {
    const read: Manifests = { ...python[i], ...perl[i], mailparser: await byMailparser(subject.file) };
    const says = (what: string): number => findings.push({ subject: subject.id, what });
    const expected = expectedOf(subject, says);
    for (const name of PARSERS) {
      const manifest = read[name] ?? 'no answer';
      if (typeof manifest === 'string') says(`${name}: ${manifest.slice(0, 200)}`);
      else {
        const limit = LIMITS[name] ?? {};
        if (limit.parts !== undefined && expected.length >= limit.parts) continue;
        for (const what of differences(manifest, limit.lf ? expected.map(withLf(subject)) : expected, limit))
          says(`${name}: ${what}`);
      }
    }
  }
  return findings;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const mediaOf = (type: string): string =>
  Object.hasOwn(KINDS, type) ? (KINDS[type as keyof typeof KINDS].media.split(';')[0] ?? '') : type;

/** The row of a text as a parser tells it that hands out LF. */
const withLf =
  ({ body, leaves }: Subject) =>
  (row: Row): Row => {
    const [name, type, sha256] = row;
    const files = [body, ...leaves.filter(({ archive }) => archive === undefined).map(({ file }) => file)];
    if (type === null || !type.startsWith('text/')) return row;
    const bytes = files.map((file) => readFileSync(file)).find((each) => digest(each) === sha256);
    if (bytes === undefined) return row;
    const lines = Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    return [name, type, digest(lines), lines.length];
  };

/**
 * The text, then what the report promises. Behind that may stand texts that the gateway writes itself, when a body or a
 * list of held files is too long for the notice: the report does not hold them, the notice names them.
 */
function expectedOf({ body, promised, leaves }: Subject, says: (what: string) => void): readonly Row[] {
  const text = readFileSync(body);
  const attached = promised.filter(({ archivePath }) => archivePath === '');
  const outer = leaves.filter(({ archive }) => archive === undefined);
  const own = outer.slice(attached.length);
  for (const { name, type } of own) {
    if (own.length > 2 || type !== 'text' || !text.includes(name)) says(`«${name}» is not in the report`);
  }
  return [
    ['', 'text/plain', digest(text), text.length],
    ...attached.map(({ name, type, sha256, bytes }): Row => [name, mediaOf(type), sha256, bytes]),
    ...own.map(({ name, file }): Row => {
      const bytes = readFileSync(file);
      return [name, 'text/plain', digest(bytes), bytes.length];
    }),
  ];
}

function differences(
  found: readonly Row[],
  expected: readonly Row[],
  { anyOrder, nameBytes = Number.MAX_SAFE_INTEGER }: Limit,
): readonly string[] {
  if (found.length !== expected.length) return [`${found.length} parts, not ${expected.length}`];
  const key = ([, , sha256]: Row): string => sha256;
  const inOrder = (rows: readonly Row[]): readonly Row[] =>
    anyOrder === true ? rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) : rows;
  const wanted = inOrder(expected);
  const byHash = Map.groupBy(wanted, key);
  return inOrder(found).flatMap(([foundName, type, sha256, bytes], i) => {
    const [wantedName, wantedType, wantedSha256, wantedBytes] = wanted[i] ?? ['', '', '', 0];
    if (sha256 !== wantedSha256 || bytes !== wantedBytes) return [`other bytes in part ${i} «${wantedName}»`];
    // Files of the same bytes may change places where there is no order.
    const names = (anyOrder === true ? (byHash.get(sha256) ?? []) : [wanted[i]]).map((row) => row?.[0]);
    return [
      ...(foundName === null || names.some((name) => sameName(name ?? '', foundName, nameBytes))
        ? []
        : [`name «${foundName}», not «${wantedName}»`]),
      ...(type === null || type === wantedType ? [] : [`type ${type}, not ${wantedType}`]),
    ];
  });
}

/** Half a character at the end comes as a sign for it (Python: surrogate escapes). */
const sameName = (wanted: string, found: string, most: number): boolean =>
  wanted === found ||
  (Buffer.byteLength(wanted) > most &&
    wanted.startsWith(found.replace(/[\ud800-\udfff\ufffd]+$/, '')) &&
    Buffer.byteLength(found.replace(/[\ud800-\udfff\ufffd]+$/, '')) > most - 4);

async function byMailparser(file: string): Promise<readonly Row[] | string> {
  try {
    const bytes = readFileSync(file);
    const mail = await simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
    // It hands out text with LF, and takes line ends off its end.
    const text = Buffer.from(`${(mail.text ?? '').replace(/\r?\n/g, '\r\n').replace(/(?:\r\n)+$/, '')}\r\n`);
    const rows = mail.attachments.map(
      ({ filename = '', contentType, content }): Row => [filename, contentType, digest(content), content.length],
    );
    return [['', 'text/plain', digest(text), text.length], ...rows];
  } catch (error) {
    return String(error);
  }
}

const file = { name: 'a.txt', type: 'text', bytes: Buffer.from('\ufeffx\r\n') } as const;
const replace =
  (from: string | RegExp, to: string) =>
  (message: string): string =>
    message.replace(from, to);

/** Messages that some parsers read otherwise than others. */
const CONTROLS: Readonly<Record<string, Letter>> = {
  'name «': { files: [file], spoil: replace("UTF-8''a.txt", "UTF-8''b.txt") },
  'other bytes': { files: [file], spoil: replace(/(a\.txt\r\n\r\n)..../, '$177u+') },
  '^(?:ripmime|munpack|mshow): 1 parts': {
    files: [file],
    spoil: (message) =>
      message
        .replace('multipart/mixed;', 'multipart/mixed; boundary="x";')
        .replace('"\r\n\r\n--', '"\r\n\r\n--x\r\n\r\nhello\r\n--'),
  },
  // A text that quotes a mail is read as a mail by ripmime: what it decodes out of it is told.
  'ripmime: 3 parts': {
    files: [
      {
        ...file,
        bytes: Buffer.from(
          '\ufeffSubject: a\r\nFrom: a@example.jp\r\nTo: b@example.jp\r\nMime-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA\r\n',
        ),
      },
    ],
  },
  // Read as a part by one parser of nine.
  '«b.txt» is not in the report': {
    files: [file],
    spoil: (message) => {
      const end = message.lastIndexOf('--=_sekisho');
      const start = message.lastIndexOf('--=_sekisho', end - 1);
      return `${message.slice(0, end)}${message.slice(start, end).replace("''a.txt", "''b.txt")}${message.slice(end)}`;
    },
  },
  'type text/csv': {
    files: [file],
    spoil: (message) => message.replace(/text\/plain(?=[\s\S]{0,80}attachment)/, 'text/csv'),
  },
};
