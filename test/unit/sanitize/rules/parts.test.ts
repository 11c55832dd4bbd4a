/** One file through detect, decide and convert, and the files in it: budgets of the whole message, and what is said of each. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Limits, type Policy } from '../../../../src/policy/policy.ts';
import { built } from '../../../../src/sanitize/converter.ts';
import {
  type Budget,
  budgetOf,
  type ConvertedPart,
  convertPart,
  limitsOf,
  type Part,
  partReport,
} from '../../../../src/sanitize/parts.ts';
import { type RawZipEntry, rawZip } from '../../../kit/zip-raw.ts';

interface Asked {
  readonly limits?: Partial<Limits>;
  readonly change?: Partial<Policy>;
  readonly part?: Partial<Part>;
  readonly budget?: Partial<Budget>;
  readonly parts?: number;
}

interface Answered {
  readonly rows: readonly ConvertedPart[];
  readonly told: readonly string[];
  readonly announced: readonly string[];
  readonly budget: Budget;
}

const newBudget = ({ limits = {}, change = {}, budget = {}, parts = 1 }: Asked): Budget => ({
  ...budgetOf(
    {
      policy: { ...DEFAULT_POLICY, ...change, version: '0123456789abcdef', limits: { ...DEFAULT_LIMITS, ...limits } },
      passwords: [],
    },
    {},
    performance.now() + 60_000,
    parts,
  ),
  ...budget,
});

async function answered(bytes: Uint8Array | string, asked: Asked = {}, budget = newBudget(asked)): Promise<Answered> {
  const announced: string[] = [];
  const part: Part = {
    path: '2',
    untrustedName: 'a.zip',
    otherUntrustedNames: [],
    untrustedCharset: '',
    declaredType: '',
    bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
    depth: 1,
    ...asked.part,
  };
  const rows = await convertPart(part, budget, (path) => announced.push(path));
  const told = rows.map(({ part: { path, untrustedName }, conversion, files }) => {
    const end = conversion.kind === 'blocked' ? conversion.reason : conversion.kind;
    return `${path} ${untrustedName} ${end} ${files.length}`;
  });
  return { rows, told, announced, budget };
}

const texts = (...names: readonly string[]): Buffer =>
  rawZip(names.map((name): RawZipEntry => ({ name, content: `text of ${name}` })));
const detailOf = ({ rows }: Answered, i = 0): string | undefined => rows[i]?.conversion.detail;

describe('one file', () => {
  test('is announced, rebuilt and told', async () => {
    const { rows, told, announced, budget } = await answered('hello', { part: { untrustedName: 'a.txt' } });
    expect([told, announced]).toEqual([['2 a.txt converted 1'], ['2']]);
    const [row] = rows;
    if (row === undefined) throw new Error('there is one row');
    expect(row).toMatchObject({ detectedType: 'text', untrustedFolders: [] });
    expect(row).not.toHaveProperty('members');
    const bytes = row.files[0]?.bytes ?? new Uint8Array();
    const hash = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');
    expect(partReport(row, ['out.txt'])).toEqual({
      path: '2',
      untrustedName: 'a.txt',
      declaredType: '',
      detectedType: 'text',
      bytes: 5,
      sha256: hash('hello'),
      outcome: row.conversion.kind === 'converted' ? row.conversion.outcome : '',
      outputs: [{ name: 'out.txt', type: 'text', bytes: bytes.length, sha256: hash(bytes) }],
      removed: [],
    });
    expect([budget.attachmentsLeft, budget.outputBytesLeft]).toEqual([
      489,
      DEFAULT_LIMITS.maxOutputBytes - bytes.length,
    ]);
    expect(limitsOf(rows)).toEqual([]);
  });

  test('what the report says is cut and cleaned', async () => {
    const part = { untrustedName: `${'n'.repeat(600)}.exe`, declaredType: `a/${'t'.repeat(300)}` };
    const { rows } = await answered('MZ\0\0', { part });
    const report = partReport(rows[0] as ConvertedPart, []);
    expect([report.untrustedName.length, report.declaredType.length]).toEqual([500, 200]);
    expect(report).toMatchObject({ outcome: 'blocked', outputs: [], removed: [] });
    expect(report.reason).toBeDefined();
    expect(report.detail).toBeDefined();
    expect(report).not.toHaveProperty('links');
  });

  test('held before: for its own reason, for what it did, for its depth, its path or the time', async () => {
    const heldFor = { kind: 'blocked', reason: 'fragment', detail: 'x' } as const;
    const own = await answered('hello', { part: { heldFor } });
    expect([own.told, own.announced, own.rows[0]?.detectedType]).toEqual([['2 a.zip fragment 0'], [], 'unknown']);
    const killer = await answered('hello', { budget: { holdParts: { '2': 'timeout' } } });
    expect([killer.told, killer.announced, detailOf(killer)]).toEqual([
      ['2 a.zip timeout 0'],
      [],
      'killed a process before',
    ]);
    expect((await answered('hello', { part: { path: 'constructor' } })).rows[0]?.conversion.kind).toBe('converted');
    const limits = { maxDepth: 3 };
    expect((await answered('hello', { limits, part: { depth: 3 } })).announced).toEqual(['2']);
    const deep = await answered('hello', { limits, part: { depth: 4 } });
    expect([deep.told, deep.announced, limitsOf(deep.rows)]).toEqual([['2 a.zip limit-exceeded 0'], [], ['maxDepth']]);
    expect((await answered('hello', { part: { path: '1'.repeat(200) } })).announced).toHaveLength(1);
    const long = await answered('hello', { part: { path: '1'.repeat(201) } });
    expect([long.announced, detailOf(long)]).toEqual([[], 'maxDepth: nested deeper']);
    const late = await answered('hello', { budget: { deadline: performance.now() - 1 } });
    expect([late.told, late.announced, limitsOf(late.rows)]).toEqual([['2 a.zip timeout 0'], [], ['messageMs']]);
  });

  test('its own time is the document’s when that is shorter', async () => {
    const none = await answered('hello', { limits: { documentMs: 0 } });
    expect(detailOf(none)).toBe('no time left');
  });

  test('libraries are asked about twenty unknown files, not more', async () => {
    const unknown = Buffer.from([0x00, 0x9c, 0x8f, 0x01, 0xfe, 0x80, 0x03]);
    const asked = await answered(unknown, { budget: { opinionsLeft: 1 } });
    expect(asked.budget.opinionsLeft).toBe(0);
    const again = await answered(unknown, {}, asked.budget);
    expect([again.rows[0]?.detectedType, again.budget.opinionsLeft]).toEqual(['unknown', -1]);
    expect(newBudget({}).opinionsLeft).toBe(20);
  });
});

describe('what the report says', () => {
  const row = (conversion: ConvertedPart['conversion'], files: ConvertedPart['files'] = []): ConvertedPart => ({
    part: {
      path: '2',
      untrustedName: 'a.pdf',
      otherUntrustedNames: [],
      untrustedCharset: '',
      declaredType: 'application/pdf',
      depth: 1,
      size: 7,
      sha256: '0'.repeat(64),
    },
    detectedType: 'pdf',
    conversion,
    files,
    untrustedFolders: [],
  });
  const done = { kind: 'converted', outcome: 'rebuilt', files: [], removed: [] } as const;
  const link = { text: 'here', url: 'hxxp://x.jp/', differs: false } as const;

  test('pages, links, removals and limits, where there are any', () => {
    const files = [{ type: 'pdf', untrustedStem: 'a', bytes: built(new Uint8Array(3)), pages: 2 }] as const;
    const plain = partReport(row(done, files), ['a.pdf']);
    expect(plain.outputs).toMatchObject([{ name: 'a.pdf', type: 'pdf', bytes: 3, pages: 2 }]);
    for (const key of ['links', 'reason', 'detail', 'members']) expect(plain).not.toHaveProperty(key);
    expect(partReport(row({ ...done, links: [] }), [])).not.toHaveProperty('links');
    const removed = [{ what: 'script', count: 2 }] as never;
    const full = partReport(row({ ...done, links: [link] as never, removed, detail: 'x' }), []);
    expect(full).toMatchObject({ links: [link], removed, detail: 'x' });
    expect(
      partReport(row(done, [{ type: 'text', untrustedStem: 'a', bytes: built(new Uint8Array(1)) }]), []).outputs,
    ).toEqual([expect.not.objectContaining({ pages: expect.anything() })]);
    const [unnamed] = partReport(row(done, files), []).outputs;
    expect(unnamed?.name).toBe('');
  });
  test('a file that waits has no reason; one that is held has no links and no removals', () => {
    const waiting = partReport(row({ kind: 'waiting-for-password', detail: 'x' }), []);
    expect(waiting).toMatchObject({ outcome: 'waiting-for-password', removed: [], detail: 'x' });
    expect(waiting).not.toHaveProperty('reason');
    expect(waiting).not.toHaveProperty('links');
    const held = partReport(row({ kind: 'blocked', reason: 'executable', detail: 'x' }), []);
    expect(held).toMatchObject({ outcome: 'blocked', reason: 'executable', removed: [] });
  });
  test('limits: those of converters, and those that stand in front of a reason', () => {
    expect(limitsOf([row({ ...done, limits: ['maxPages'] }), row(done)])).toEqual(['maxPages']);
    const held = (detail: string) => limitsOf([row({ kind: 'blocked', reason: 'limit-exceeded', detail })]);
    expect(held('maxParts: of the whole')).toEqual(['maxParts']);
    expect(held('messageMs: late')).toEqual(['messageMs']);
    for (const detail of ['x maxParts: y', 'maxParts', 'max: y', 'messageMs', '']) expect(held(detail)).toEqual([]);
  });
  test('a helper is handed on when there is one', () => {
    const policy: Policy = { ...DEFAULT_POLICY, version: '0123456789abcdef' };
    const helper = { help: async () => undefined } as unknown as NonNullable<Budget['helper']>;
    expect(budgetOf({ policy, passwords: [] }, {}, 1, 1, helper).helper).toBe(helper);
    expect('helper' in budgetOf({ policy, passwords: [] }, {}, 1, 1)).toBe(false);
  });
});

describe('files in it', () => {
  test('a mail shows its own text and holds files', async () => {
    const mail = [
      'From: a@x.jp',
      'Subject: hi',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'words',
      '--b',
      'Content-Type: text/plain',
      'Content-Disposition: attachment; filename=in.txt',
      '',
      'inside',
      '--b--',
      '',
    ].join('\r\n');
    const { rows, told } = await answered(mail, { part: { untrustedName: 'm.eml', declaredType: 'message/rfc822' } });
    expect(told).toEqual(['2 m.eml converted 1', '2/1 in.txt converted 1']);
    expect(rows[0]).toMatchObject({ members: 1, untrustedStem: rows[0]?.files[0]?.untrustedStem });
    expect(rows[0]?.conversion).not.toHaveProperty('entries');
    const packed = await answered(mail, {
      part: { untrustedName: 'm.eml', declaredType: 'message/rfc822' },
      change: { maxLooseFiles: 1 },
    });
    expect(packed.rows.map(({ files }) => files.map(({ type }) => type))).toEqual([['zip'], []]);
    const alone = await answered(
      mail.replace(/--b\r\nContent-Type: text\/plain\r\nContent-Disp[\s\S]*inside\r\n/, ''),
      {
        part: { untrustedName: 'm.eml', declaredType: 'message/rfc822' },
      },
    );
    expect(alone.rows).toHaveLength(1);
    expect(alone.rows[0]?.members).toBe(0);
  });
  test('what cannot be unpacked is held for its own reason; folders alone are an empty file', async () => {
    const odd = await answered(
      rawZip([
        { name: 'a.txt', content: 'x', method: 99 },
        { name: 'b.txt', content: 'beta' },
      ]),
    );
    expect(odd.told.at(-1)).toBe('2/2 b.txt converted 1');
    expect(odd.rows[1]?.conversion.kind).not.toBe('converted');
    expect(odd.rows[1]?.detectedType).toBe('unknown');
    const folders = await answered(rawZip([{ name: 'sub/', content: '' }]));
    expect(folders.rows).toHaveLength(1);
    expect(folders.rows[0]?.conversion).toMatchObject({
      kind: 'converted',
      removed: [{ what: 'empty-file', count: 1 }],
    });
    const finder = await answered(rawZip([{ name: '__MACOSX/._a', content: Buffer.from('0005160700020000', 'hex') }]));
    expect(finder.rows[0]?.conversion.kind).toBe('converted');
  });
  test('each goes its way behind the file that held it, announced before it is opened', async () => {
    const inner = rawZip([{ name: 'deep.txt', content: 'deep' }]);
    const zip = rawZip([
      { name: 'sub/a.txt', content: 'alpha' },
      { name: 'x/in.zip', content: inner },
    ]);
    const { rows, told, announced, budget } = await answered(zip, { parts: 3 });
    expect(told).toEqual([
      '2 a.zip converted 0',
      '2/1 sub/a.txt converted 1',
      '2/2 x/in.zip converted 0',
      '2/2/1 deep.txt converted 1',
    ]);
    expect(announced).toEqual(['2', '2/1', '2/2', '2/2/1']);
    expect(rows.map(({ untrustedFolders }) => untrustedFolders)).toEqual([[], ['sub'], ['x', 'x/in'], ['x', 'x/in']]);
    expect(rows.map(({ members }) => members)).toEqual([2, undefined, 1, undefined]);
    expect(rows.map(({ part }) => part.depth)).toEqual([1, 2, 2, 3]);
    expect(budget.filesLeft).toBe(DEFAULT_LIMITS.maxParts - 3 - 3);
    expect(budget.innerBytesLeft).toBe(DEFAULT_LIMITS.maxInnerBytes - 5 - 4 - inner.length);
    expect(budget.attachmentsLeft).toBe(488);
    expect(partReport(rows[0] as ConvertedPart, [])).toMatchObject({ members: 2 });
  });

  test('F03: one that killed a child before is held, not opened; its neighbour goes on', async () => {
    const held = await answered(texts('a.txt', 'b.txt'), { budget: { holdParts: { '2/1': 'sanitizer-failed' } } });
    expect(held.told).toEqual(['2 a.zip converted 0', '2/1 a.txt sanitizer-failed 0', '2/2 b.txt converted 1']);
    expect(held.announced).toEqual(['2', '2/2']);
  });

  test('A39: files, unpacked bytes and written bytes are the whole message’s', async () => {
    const zip = texts('a.txt', 'b.txt');
    const files = await answered(zip, { budget: { filesLeft: 1 } });
    expect([files.told, limitsOf(files.rows)]).toEqual([['2 a.zip limit-exceeded 0'], ['maxParts']]);
    expect((await answered(zip, { budget: { filesLeft: 2 } })).told).toHaveLength(3);
    const bytes = await answered(zip, { budget: { innerBytesLeft: 13 + 12 } });
    expect(bytes.rows.some(({ conversion }) => conversion.kind === 'blocked')).toBe(true);
    const exact = await answered(zip, { budget: { innerBytesLeft: 13 + 13 } });
    expect(exact.rows.every(({ conversion }) => conversion.kind === 'converted')).toBe(true);
    expect(exact.budget.innerBytesLeft).toBe(0);
    const written = await answered('hello', { budget: { outputBytesLeft: 3 } });
    expect([written.told, limitsOf(written.rows)]).toEqual([['2 a.zip limit-exceeded 0'], ['maxOutputBytes']]);
    const one = (await answered('hello')).rows[0]?.files[0]?.bytes.length ?? 0;
    expect((await answered('hello', { budget: { outputBytesLeft: one } })).told).toEqual(['2 a.zip converted 1']);
    expect((await answered('hello', { budget: { outputBytesLeft: one - 1 } })).told).toEqual([
      '2 a.zip limit-exceeded 0',
    ]);
    expect(newBudget({ parts: 1_000_000 }).filesLeft).toBe(0);
  });

  test('a container ends as what was in it did, one that waits for a password first', async () => {
    const bad = await answered(rawZip([{ name: 'a.exe', content: 'MZ\x90\0' }]));
    expect(bad.told[0]).toMatch(/^2 a\.zip (?!converted)/);
    expect(detailOf(bad)).toBe('nothing in it goes on');
    const mixed = await answered(
      rawZip([
        { name: 'a.exe', content: 'MZ\x90\0' },
        { name: 'b.txt', content: 'beta' },
      ]),
    );
    expect(mixed.told[0]).toBe('2 a.zip converted 0');
    const locked = rawZip([{ name: 's.txt', content: 'secret', flags: 1 }]);
    const waiting = await answered(
      rawZip([
        { name: 'a.exe', content: 'MZ\x90\0' },
        { name: 'in.zip', content: locked },
      ]),
    );
    expect(waiting.rows[0]?.conversion.kind).toBe('waiting-for-password');
    const empty = await answered(rawZip([]));
    expect(empty.rows).toHaveLength(1);
  });

  test('A37: more files than may be loose go on in one archive, each named in the report', async () => {
    const names = ['x/a.txt', 'b.txt', 'c.txt'];
    const loose = await answered(texts(...names), { change: { maxLooseFiles: 3 } });
    expect(loose.rows.map(({ files }) => files.length)).toEqual([0, 1, 1, 1]);
    expect(loose.rows[1]).not.toHaveProperty('packed');
    const { rows, budget } = await answered(texts(...names), { change: { maxLooseFiles: 2 } });
    expect(rows.map(({ files }) => files.map(({ type }) => type))).toEqual([['zip'], [], [], []]);
    expect(rows.map(({ packed }) => packed?.map(({ path }) => path))).toEqual([[], ['x/a.txt'], ['b.txt'], ['c.txt']]);
    expect(budget.attachmentsLeft).toBe(489);
    expect(partReport(rows[1] as ConvertedPart, [])).toMatchObject({
      outputs: [{ name: 'a.txt', archivePath: 'x/a.txt', type: 'text' }],
    });
    expect(partReport(rows[2] as ConvertedPart, [])).toMatchObject({
      outputs: [{ name: 'b.txt', archivePath: 'b.txt' }],
    });
  });

  test('A37: a file of an archive in a folder', async () => {
    const zip = rawZip([{ name: 'x/in.zip', content: texts('deep.txt') }]);
    const { rows } = await answered(zip, { change: { maxLooseFiles: 0 } });
    expect(rows.flatMap(({ packed = [] }) => packed.map(({ path }) => path))).toEqual(['x/in/deep.txt']);
  });

  test('no room for attachments: packed when there is for one, held when there is for none', async () => {
    const few = await answered(texts('a.txt', 'b.txt'), { budget: { attachmentsLeft: 1 } });
    expect(few.rows.map(({ files }) => files.length)).toEqual([1, 0, 0]);
    expect(few.budget.attachmentsLeft).toBe(0);
    const none = await answered(texts('a.txt', 'b.txt'), { budget: { attachmentsLeft: 0 } });
    expect(none.told).toEqual(['2 a.zip limit-exceeded 0', '2/1 a.txt limit-exceeded 0', '2/2 b.txt limit-exceeded 0']);
    expect(detailOf(none, 1)).toBe('too many files');
    const single = await answered('hello', { budget: { attachmentsLeft: 0 } });
    expect(single.told).toEqual(['2 a.zip limit-exceeded 0']);
  });
});
