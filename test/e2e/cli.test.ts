/** Commands as people and scripts call them: exit codes, `--json`, what a terminal gets to see. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { type Gateway, startGateway } from '../kit/gateway.ts';
import { sendAll } from '../kit/send.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function sekisho(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', NODE_NO_WARNINGS: '1', ...env },
  });
  return { code: status, out: stdout, err: stderr };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sekisho-cli-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

/** Characters that move a cursor, ring a bell, turn text round or break a line. */
const HOSTILE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

describe('wrong usage is 2, and says what is right', () => {
  test.each([
    [['nonsense']],
    [['sanitize']],
    [['sanitize', 'x.eml']],
    [['messages', 'list', '--limit', 'many']],
    [['queue']],
    [['serve', '--unknown']],
  ])('%j', (args) => {
    const { code, out, err } = sekisho(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
  });

  test('files that are not there, or are folders, are named; nothing is begun', () => {
    const out = join(folder, 'out');
    for (const command of [
      ['sanitize', '--out', out],
      ['verify', '--keys', 'none.json'],
    ]) {
      const ran = sekisho([...command, join(folder, 'none\u001b[2J.eml'), folder]);
      expect(ran.code).toBe(2);
      expect(ran.err).toContain('none\\u{1b}[2J.eml');
      expect(ran.err).toContain(`not a file: ${folder}`);
      expect(ran.err).not.toMatch(HOSTILE);
    }
    expect(existsSync(out)).toBe(false);
  });

  test('a misspelled key: its path is named, and nothing starts', () => {
    const file = join(folder, 'gateway.yaml');
    writeFileSync(file, 'intake:\n  lisen: 127.0.0.1:2525\n');
    for (const command of [['config', 'check'], ['serve'], ['queue', 'list'], ['doctor'], ['vault', 'check']]) {
      const { code, err } = sekisho([...command, '-c', file]);
      expect([command, code]).toEqual([command, 2]);
      expect(err).toContain('intake.lisen');
    }
    expect(readdirSync(folder)).toEqual(['gateway.yaml']);
    const { code, out } = sekisho(['config', 'check', '-c', file, '--json']);
    expect([code, JSON.parse(out)]).toMatchObject([
      2,
      { valid: false, message: expect.stringContaining('intake.lisen') },
    ]);
  });
});

test('help is no mistake', () => {
  expect(sekisho(['--help'])).toMatchObject({ code: 0, err: '' });
});

describe('sanitize', () => {
  const write = (name: string, content: string | Buffer): string => {
    const file = join(folder, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  const EML = 'From: a@example.com\nTo: b@example.com\nSubject: =?utf-8?B?5Lya6K2w?=\n\nhello\n';

  test('one folder an input, -2 and -3 when names repeat, and each result verifies with the run’s own key', () => {
    const files = [
      write('x/mail.eml', EML),
      write('y/mail.eml', EML),
      write('z/mail.eml', EML),
      write('keys.json', '{"not": "ours"}'),
    ];
    const out = join(folder, 'out');
    const ran = sekisho(['sanitize', ...files, '--out', out, '--json']);
    expect(ran.err).toBe('');
    expect(readdirSync(out).sort()).toEqual(['keys.json', 'keys.json-2', 'mail.eml', 'mail.eml-2', 'mail.eml-3']);
    const results = JSON.parse(ran.out);
    expect(results.slice(0, 3)).toMatchObject(Array(3).fill({ verdict: 'sanitized', problems: [] }));
    for (const { folder: each, written } of results) expect(readdirSync(each).sort()).toEqual([...written].sort());

    const message = join(out, 'mail.eml', 'message.eml');
    const check = () => sekisho(['verify', message, '--keys', join(out, 'keys.json'), '--json']);
    const good = check();
    expect([good.code, JSON.parse(good.out)]).toMatchObject([0, [{ kind: 'verified', problems: [] }]]);
    const bytes = readFileSync(message);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 4) ^ 1, bytes.length - 4);
    writeFileSync(message, bytes);
    const bad = check();
    expect([bad.code, JSON.parse(bad.out)]).toMatchObject([3, [{ kind: 'refused' }]]);
  });

  test('something blocked is 3; a hostile file name reaches neither terminal nor folder names of the outputs', () => {
    const name = 'evil\u001b[31m\u202egpj.exe';
    const file = write(name, Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]));
    const out = join(folder, 'out');
    const plain = sekisho(['sanitize', file, '--out', out]);
    expect(plain.code).toBe(3);
    expect(plain.out).toContain('\\u{1b}[31m\\u{202e}gpj.exe');
    expect(plain.out).toMatch(/プログラム|it is a program/);
    expect(plain.out + plain.err).not.toMatch(HOSTILE);
    const report = JSON.parse(readFileSync(join(out, name, 'report.json'), 'utf8'));
    expect(report.attachments).toMatchObject([{ outcome: 'blocked', reason: 'executable' }]);
  });

  test('what the system refuses is one sentence with the path, not a stack', () => {
    const file = write('a.txt', 'x');
    const { code, err } = sekisho(['sanitize', file, '--out', file]);
    expect(code).toBe(1);
    expect(err).toMatch(/^EEXIST: [^\n]*a\.txt'\n$/);
  });

  test('a policy that cannot be read is wrong usage', () => {
    const [file, policy] = [write('a.txt', 'x'), write('policy.yaml', 'limits: { maxPages: -1 }')];
    const { code, err } = sekisho(['sanitize', file, '--out', join(folder, 'out'), '--policy', policy]);
    expect(code).toBe(2);
    expect(err).toContain('maxPages');
  });
});

describe('over a gateway that ran', () => {
  let gateway: Gateway;
  let id: string;
  const run = (...args: string[]): Ran => sekisho([...args, '-c', gateway.configFile]);

  beforeAll(async () => {
    gateway = await startGateway();
    const subject = Buffer.from('会議\u001b[2J\u202eevil').toString('base64');
    const mime = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n';
    const attachment = 'Content-Type: application/octet-stream; name=a.exe\r\n\r\nMZ12345678\r\n--b--\r\n';
    const bytes = Buffer.from(`From: a@example.com\r\nSubject: =?utf-8?B?${subject}?=\r\n${mime}${attachment}`);
    const mail = { reversePath: 'a@example.com', recipients: ['soumu@t1.example'], bytes };
    const [sent] = await sendAll([mail], { port: gateway.smtpPort, connections: 1 });
    id = /[0-9A-HJKMNP-TV-Z]{26}/.exec(sent?.reply ?? '')?.[0] ?? '';
    await gateway.idle();
    await gateway.stop();
  });
  afterAll(() => rmSync(gateway.folder, { recursive: true, force: true }));

  test('messages list and show: by id, with states; nothing of the subject moves the cursor', () => {
    const listed = JSON.parse(run('messages', 'list', '--json').out);
    expect(listed).toMatchObject([{ id, tenant: 't1', state: 'delivered-with-hold', reverse_path: 'a@example.com' }]);
    const shown = JSON.parse(run('messages', 'show', id, '--json').out);
    expect(shown).toMatchObject({
      message: { id, ends_as: 'delivered-with-hold' },
      recipients: [{ address: 'soumu@t1.example', state: 'delivered-with-hold' }],
      parts: [{ outcome: 'blocked' }],
      events: [{ event: 'accepted' }, { event: 'sanitized' }, { event: 'delivery-intended' }, { event: 'delivered' }],
    });
    for (const args of [
      ['messages', 'list'],
      ['messages', 'show', id],
    ]) {
      const { code, out } = run(...args);
      expect(code).toBe(0);
      expect(out).toContain('会議');
      expect(out).not.toMatch(HOSTILE);
    }
    expect(JSON.parse(run('messages', 'list', '--tenant', 'other', '--json').out)).toEqual([]);
  });

  test('a message that is not there is wrong usage', () => {
    expect(run('messages', 'show', 'NONE')).toMatchObject({ code: 2, out: '' });
  });

  test('queue list: empty in words; all jobs with --all', () => {
    expect(run('queue', 'list')).toMatchObject({ code: 0, out: '待ち行列は空です。\n' });
    expect(sekisho(['queue', 'list', '-c', gateway.configFile], { LC_ALL: 'en_US.UTF-8' }).out).toContain('empty');
    const jobs = JSON.parse(run('queue', 'list', '--all', '--json').out);
    expect(jobs.map(({ kind, state }: { kind: string; state: string }) => `${kind} ${state}`).sort()).toEqual([
      'deliver done',
      'process done',
    ]);
  });

  test('audit verify: whole; after one changed row 3, naming chain and number', () => {
    expect(run('audit', 'verify')).toMatchObject({ code: 0 });
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    for (const name of readdirSync(gateway.folder).filter((each) => /^(gateway\.(yaml|db.*)|t1\.txt)$/.test(each)))
      copyFileSync(join(gateway.folder, name), join(copy, name));
    mkdirSync(join(copy, 'keys'));
    copyFileSync(join(gateway.folder, 'keys', 'public.json'), join(copy, 'keys', 'public.json'));
    const database = new Sqlite(join(copy, 'gateway.db'));
    database
      .prepare(
        `update audit_entry set facts = replace(facts, '"recipients":1', '"recipients":2') where chain = 'intake@main/t1'`,
      )
      .run();
    database.close();
    const { code, out } = sekisho(['audit', 'verify', '-c', join(copy, 'gateway.yaml'), '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(out).problems).toContainEqual({ chain: 'intake@main/t1', seq: 1, what: 'edited' });
    expect(sekisho(['audit', 'verify', '-c', join(copy, 'gateway.yaml')]).out).toContain('intake@main/t1 #1: edited');
  });

  test('verify: what reached the next hop, with the gateway’s own keys', () => {
    const raw = join(gateway.folder, 'lgwan', 'raw');
    const [file = ''] = readdirSync(raw);
    const { code, out } = run('verify', join(raw, file), '--json');
    expect([code, JSON.parse(out)]).toMatchObject([0, [{ kind: 'verified', tenant: 't1', messageId: id }]]);
  });

  test('vault check finds a lost and a changed share, repair mends both, check finds nothing more', () => {
    expect(JSON.parse(run('vault', 'check', '--json').out)).toMatchObject({
      objects: 3,
      states: { whole: 3 },
      orphans: 0,
    });
    const shares = readdirSync(join(gateway.folder, 'vault/a'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.share'))
      .map((name) => join(gateway.folder, 'vault/a', name));
    const [lost = '', changed = ''] = shares;
    rmSync(lost);
    const bytes = readFileSync(changed);
    bytes.writeUInt8(bytes.readUInt8(400) ^ 1, 400);
    writeFileSync(changed, bytes);

    const found = run('vault', 'check', '--json');
    expect(found.code).toBe(3);
    const problems = JSON.parse(found.out).bad.flatMap((each: { problems: unknown[] }) => each.problems);
    expect(problems).toHaveLength(2);
    expect(problems).toEqual(
      expect.arrayContaining([
        { store: 'store-a', part: 'share', condition: 'missing' },
        { store: 'store-a', part: 'share', condition: 'damaged' },
      ]),
    );
    expect(run('vault', 'check').out).toMatch(/✗ .* repairable: store-a\/share/);
    expect(run('vault', 'repair')).toMatchObject({ code: 0 });
    expect(JSON.parse(run('vault', 'check', '--json').out)).toMatchObject({ states: { whole: 3 }, bad: [] });
  });

  test('config print: what takes effect; the firewall table names every connection', () => {
    const printed = parseYaml(run('config', 'print').out);
    expect(printed).toMatchObject({ tenants: [{ id: 't1' }], vault: { threshold: 2 } });
    const { code, out } = run('config', 'print', '--firewall', '--json');
    expect(code).toBe(0);
    const ports = JSON.parse(out).map(({ port }: { port: number | string }) => Number(port));
    expect(ports).toEqual(expect.arrayContaining([gateway.smtpPort, gateway.adminPort, gateway.sink?.port]));
    expect(run('config', 'print', '--firewall').out).toContain(String(gateway.smtpPort));
  });

  test('config check, config schema', () => {
    expect(JSON.parse(run('config', 'check', '--json').out)).toEqual({ valid: true, tenants: 1 });
    expect(JSON.parse(sekisho(['config', 'schema']).out)).toMatchObject({
      type: 'object',
      additionalProperties: false,
    });
  });

  test('doctor: keys, jail layers, separation and the one disk, in words', () => {
    const { code, out } = run('doctor', '--json');
    expect([0, 3]).toContain(code);
    const findings: readonly { about: string; state: string }[] = JSON.parse(out);
    expect(code === 3).toBe(findings.some(({ state }) => state === 'missing'));
    const about = findings.map((finding) => finding.about.split('/')[0]);
    expect(about).toEqual(expect.arrayContaining(['jail', 'roles', 'keys', 'vault', 'swap']));
    expect(findings).toContainEqual(expect.objectContaining({ about: 'vault', state: 'note' }));
  });

  test('doctor before the first start says what will be made', () => {
    copyFileSync(gateway.configFile, join(folder, 'gateway.yaml'));
    copyFileSync(join(gateway.folder, 't1.txt'), join(folder, 't1.txt'));
    const { out, err } = sekisho(['doctor', '-c', join(folder, 'gateway.yaml'), '--json']);
    expect(err).not.toMatch(/^ {4}at /m);
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ about: 'keys', state: 'note' }));
  });
});
