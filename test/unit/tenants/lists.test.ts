import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Settings, settingsSchema } from '../../../src/config/schema.ts';
import { GatewayError } from '../../../src/message/errors.ts';
import type { Log } from '../../../src/telemetry/log.ts';
import { openTenants } from '../../../src/tenants/open.ts';

let folder: string;
let nowMs: number;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sekisho-tenants-'));
  nowMs = Date.now();
  warnings = [];
});

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event) => void warnings.push(event),
  error: () => undefined,
  with: () => log,
};

const listFile = (id: string): string => join(folder, `${id}.txt`);

/** Replaces the list as an exporter should: a new file, then a rename. It was written long ago by the tests' clock. */
function writeList(id: string, text: string): void {
  writeFileSync(`${listFile(id)}.new`, text);
  nowMs += 10_000;
  utimesSync(`${listFile(id)}.new`, nowMs / 1000 - 5, nowMs / 1000 - 5);
  renameSync(`${listFile(id)}.new`, listFile(id));
}

function tenant(id: string, domains: readonly string[], more: object = {}): Settings['tenants'][number] {
  return settingsSchema.shape.tenants.element.parse({
    id,
    name: id,
    domains,
    recipients: { kind: 'list', file: listFile(id) },
    administrators: [`it@${domains[0]}`],
    contact: 'desk',
    nextHop: { host: '127.0.0.1' },
    ...more,
  });
}

const open = (...tenants: Settings['tenants']) =>
  openTenants(
    { tenants },
    {
      log,
      now: () => nowMs,
      ring: () => undefined,
      queue: { put: () => Promise.reject(new Error('unused')) },
      get database(): never {
        throw new Error('unused');
      },
    },
  );

describe('whose address it is', () => {
  beforeEach(() => {
    writeList('chuo', '# people\r\nTaro@City.Chuo.lg.jp\r\n\r\nhanako@city.chuo.lg.jp\r\n');
    writeList('nihon', '\ufefftaro@xn--wgv71a119e.jp\n');
  });
  const both = () => open(tenant('chuo', ['city.chuo.lg.jp']), tenant('nihon', ['xn--wgv71a119e.jp']));

  test('the list decides, case does not matter, the list’s own spelling goes on', async () => {
    const found = { kind: 'known', tenant: 'chuo', policy: 'default', address: 'Taro@city.chuo.lg.jp' };
    expect(await both().check('TARO@CITY.chuo.LG.JP')).toEqual(found);
    expect(await both().check('jiro@city.chuo.lg.jp')).toEqual({ kind: 'unknown' });
    expect(await both().check('*@city.chuo.lg.jp')).toEqual({ kind: 'unknown' });
  });

  test('S22 an A-label and its U-label are one tenant', async () => {
    const found = { kind: 'known', tenant: 'nihon', policy: 'default', address: 'taro@xn--wgv71a119e.jp' };
    expect(await both().check('taro@xn--wgv71a119e.jp')).toEqual(found);
    expect(await both().check('taro@XN--WGV71A119E.jp')).toEqual(found);
    expect(await both().check('taro@日本語.jp')).toEqual(found);
  });

  test.each([
    'taro@sub.city.chuo.lg.jp',
    'taro@chuo.lg.jp',
    'taro@city.chuo.lg.jp.',
    'taro@city.chuo.lg.jp.evil.example',
    'taro@ｃｉｔｙ.chuo.lg.jp',
    'taro@city。chuo.lg.jp',
    'taro@city.chuo.lg.jp\u200b',
    'taro@city.chuo.\u212ag.jp',
    'taro@city.chuo.lg.jp ',
    'taro＠city.chuo.lg.jp',
    'taro@日本語。jp',
    'taro@evil@',
    '@city.chuo.lg.jp',
    'taro',
  ])('S18 S21 %j is nobody’s', async (address) => {
    expect(await both().check(address)).toEqual({ kind: 'relay' });
  });

  test('a domain of two tenants stops the start', () => {
    expect(() => open(tenant('chuo', ['city.chuo.lg.jp']), tenant('nihon', ['city.chuo.lg.jp']))).toThrow(GatewayError);
  });

  test('routes: by tenant and policy, in order of first mention', () => {
    writeList('chuo', 'taro@a.jp\nhanako@a.jp\njiro@a.jp\n');
    writeList('nihon', 'taro@b.jp\n');
    const policies = [{ recipients: ['hanako@a.jp'], policy: 'strict' }];
    const tenants = open(tenant('chuo', ['a.jp'], { policies }), tenant('nihon', ['b.jp']));
    expect(tenants.routesOf(['taro@b.jp', 'taro@a.jp', 'Hanako@a.jp', 'jiro@a.jp'])).toEqual([
      { tenant: 'nihon', policy: 'default', recipients: ['taro@b.jp'] },
      { tenant: 'chuo', policy: 'default', recipients: ['taro@a.jp', 'jiro@a.jp'] },
      { tenant: 'chuo', policy: 'strict', recipients: ['Hanako@a.jp'] },
    ]);
    expect(() => tenants.routesOf(['x@evil.example'])).toThrow(GatewayError);
  });
});

describe('the list file', () => {
  const chuo = () => tenant('chuo', ['a.jp']);
  const kinds = async (tenants: ReturnType<typeof open>): Promise<readonly string[]> => {
    nowMs += 10_000;
    return Promise.all(['old@a.jp', 'new@a.jp'].map(async (address) => (await tenants.check(address)).kind));
  };

  test.each([
    ['missing', undefined],
    ['empty', '# nobody\n'],
    ['a line that is no address', 'old@a.jp\nold a.jp\n'],
    ['an address of another domain', 'old@a.jp\nold@b.jp\n'],
  ])('%s: the start is refused', (_, text) => {
    if (text !== undefined) writeList('chuo', text);
    expect(() => open(chuo())).toThrow(/tenants\.chuo\.recipients\.file/);
  });

  test('it is read again when it changes', async () => {
    writeList('chuo', 'old@a.jp\n');
    const tenants = open(chuo());
    expect(await kinds(tenants)).toEqual(['known', 'unknown']);
    writeList('chuo', 'new@a.jp\n');
    expect(await kinds(tenants)).toEqual(['unknown', 'known']);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['missing', () => rmSync(listFile('chuo'))],
    ['emptied', () => writeList('chuo', '')],
    ['broken', () => writeList('chuo', 'new@a.jp\n<html>\n')],
  ])('%s while running: the last good one stays, with a warning, and a good one is taken again', async (_, breakIt) => {
    writeList('chuo', 'old@a.jp\n');
    const tenants = open(chuo());
    breakIt();
    expect(await kinds(tenants)).toEqual(['known', 'unknown']);
    expect(warnings).toContain('recipient-list-kept');
    writeList('chuo', 'new@a.jp\n');
    expect(await kinds(tenants)).toEqual(['unknown', 'known']);
  });

  test('a file that is still being written is left alone until it rests', async () => {
    writeList('chuo', 'old@a.jp\n');
    const tenants = open(chuo());
    writeFileSync(listFile('chuo'), 'new@a.jp\n');
    nowMs += 10_000;
    utimesSync(listFile('chuo'), nowMs / 1000 - 0.3, nowMs / 1000 - 0.3);
    expect((await tenants.check('old@a.jp')).kind).toBe('known');
    expect(await kinds(tenants)).toEqual(['unknown', 'known']);
  });

  test('fifty thousand addresses', async () => {
    writeList('chuo', Array.from({ length: 50_000 }, (_, index) => `user${index}@a.jp`).join('\n'));
    const tenants = open(chuo());
    expect((await tenants.check('user49999@a.jp')).kind).toBe('known');
    expect((await tenants.check('user50000@a.jp')).kind).toBe('unknown');
  });
});
