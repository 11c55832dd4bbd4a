import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isLoopback, listenOf } from '../../../src/config/addresses.ts';
import { firewallTable } from '../../../src/config/firewall.ts';
import { loadSettings, parseSettings } from '../../../src/config/load.ts';
import { closest } from '../../../src/config/mistakes.ts';
import { policiesOf } from '../../../src/config/policies.ts';

const root = fileURLToPath(new URL('../../../fixtures/bad-config/', import.meta.url));
const example = readFileSync(new URL('../../../config/gateway.example.yaml', import.meta.url), 'utf8');
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

const mistakeIn = (load: () => unknown): string => {
  try {
    load();
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_CONFIG_INVALID', retryable: false });
    return String(error);
  }
  throw new Error('no mistake was found');
};

function exampleFolder(text: string = example): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-config-'));
  writeFileSync(join(folder, 'recipients-chuo.txt'), 'b@city.chuo.example\n');
  writeFileSync(join(folder, 'gateway.yaml'), text);
  return join(folder, 'gateway.yaml');
}

describe.each(folders.map(({ name }) => name))('fixtures/bad-config/%s', (name) => {
  test('the refusal says where, what and what to do', () => {
    const told = mistakeIn(() => loadSettings(join(root, name, 'gateway.yaml')));
    const expected = readFileSync(join(root, name, 'expected.txt'), 'utf8')
      .trim()
      .split('\n');
    let from = 0;
    for (const piece of expected) {
      expect(told.slice(from)).toContain(piece);
      from = told.indexOf(piece, from) + piece.length;
    }
    // Japanese first, then English; each line has a place, what is wrong and what to do, and no value is left out.
    const lines = told.split('\n');
    const half = lines.length / 2;
    for (const line of lines.filter((_, i) => i % half !== 0)) expect(line).toMatch(/^ {2}\S.*: .+ → .+$/);
    for (const line of lines.slice(1, half)) expect(line.slice(line.indexOf(': '))).toMatch(/[ぁ-んァ-ヶ]/);
    expect(told).not.toMatch(/\{\w+\}/);
  });
});

test('the benign twin: the example file loads, and every path in it is absolute', () => {
  const file = exampleFolder();
  const settings = loadSettings(file);
  expect(settings.dataDir).toBe(join(dirname(file), 'data'));
  expect(settings.vault.stores.map(({ path }) => path)).toEqual(
    ['a', 'b', 'c'].map((name) => join(dirname(file), 'vault', name)),
  );
  expect(settings.tenants[0]?.recipients).toEqual({ kind: 'list', file: join(dirname(file), 'recipients-chuo.txt') });
});

test('the example shows the defaults: without its optional lines the settings are the same', () => {
  const file = exampleFolder();
  const short = `
host: gateway.example.lg.jp
intake: { peers: [127.0.0.1, 192.0.2.0/24] }
tenants:
  - { id: chuo, name: 中央市, domains: [city.chuo.example], recipients: { kind: list, file: ./recipients-chuo.txt },
      administrators: [mail-admin@city.chuo.example], contact: "情報政策課(内線1234)", nextHop: { host: mail.city.chuo.example } }
vault: { stores: [{ kind: directory, name: a, path: ./vault/a }, { kind: directory, name: b, path: ./vault/b }, { kind: directory, name: c, path: ./vault/c }] }
`;
  expect(parseSettings(short, file)).toEqual(loadSettings(file));
});

test('files that are named and there are taken', () => {
  const file = exampleFolder(
    example.replace('  # tls:\n  #   keyFile:\n  #   certFile:\n', '  tls: { keyFile: k.pem, certFile: c.pem }\n'),
  );
  writeFileSync(join(dirname(file), 'k.pem'), '');
  writeFileSync(join(dirname(file), 'c.pem'), '');
  expect(loadSettings(file).intake.tls).toEqual({
    keyFile: join(dirname(file), 'k.pem'),
    certFile: join(dirname(file), 'c.pem'),
  });
});

test('a file that is not there, not UTF-8, or a folder: told without a stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-config-'));
  expect(mistakeIn(() => loadSettings(join(folder, 'none.yaml')))).toContain('cannot be read (ENOENT)');
  writeFileSync(join(folder, 'sjis.yaml'), Buffer.from([0x96, 0x7b]));
  expect(mistakeIn(() => loadSettings(join(folder, 'sjis.yaml')))).toContain('save the file as UTF-8');
  mkdirSync(join(folder, 'gateway.yaml'));
  expect(mistakeIn(() => loadSettings(join(folder, 'gateway.yaml')))).toContain('cannot be read (EISDIR)');
});

test('aliases cannot blow up the file (billion laughs)', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
  const text = ['l0: &l0 [x]', ...levels].join('\n');
  expect(mistakeIn(() => parseSettings(text, '/x/gateway.yaml'))).toContain('use fewer anchors and aliases');
});

test.each([
  ['hots', 'host'],
  ['DataDir', 'dataDir'],
  ['tresholt', 'threshold'],
  ['listen', undefined],
] as const)('did you mean: %s → %s', (written, meant) => {
  expect(closest(written, ['host', 'dataDir', 'threshold'])).toBe(meant);
});

test.each([
  ['127.0.0.1:25', { host: '127.0.0.1', port: 25 }, true],
  ['[::1]:8025', { host: '::1', port: 8025 }, true],
  ['localhost:0', { host: 'localhost', port: 0 }, true],
  ['0.0.0.0:25', { host: '0.0.0.0', port: 25 }, false],
  ['[::]:25', { host: '::', port: 25 }, false],
] as const)('%s is an address and a port', (text, expected, loopback) => {
  expect(listenOf(text)).toEqual(expected);
  expect(isLoopback(listenOf(text).host)).toBe(loopback);
});

test('policies: default exists always, and a version changes with every value', () => {
  const settings = loadSettings(exampleFolder());
  const plain = policiesOf(settings);
  expect([...plain.keys()]).toEqual(['default']);
  expect(plain.get('default')).toMatchObject({ name: 'default', version: expect.stringMatching(/^[0-9a-f]{16}$/) });

  const file = exampleFolder(
    example.replace(
      'policies: {}',
      'policies:\n  strict: { links: host-only }\n  same: {}\n  small: { limits: { maxParts: 10 } }',
    ),
  );
  const policies = policiesOf(loadSettings(file));
  expect([...policies.keys()]).toEqual(['default', 'strict', 'same', 'small']);
  expect(policies.get('default')).toEqual(plain.get('default'));
  expect(new Set([...policies.values()].map(({ version }) => version)).size).toBe(4);
  expect(policies.get('small')?.limits).toMatchObject({ maxParts: 10, maxDepth: 20 });
});

test('the firewall table has each peer, each hop once, and the page', () => {
  const settings = loadSettings(exampleFolder());
  const [tenant] = settings.tenants;
  if (tenant === undefined) throw new Error('no tenant');
  const shared = { ...settings, tenants: [tenant, { ...tenant, id: 'minato' }] };
  expect(firewallTable(shared).map(({ source, destination, port }) => `${source} → ${destination}:${port}`)).toEqual([
    '127.0.0.1 → intake (127.0.0.1):2525',
    '192.0.2.0/24 → intake (127.0.0.1):2525',
    'outlet (gateway.example.lg.jp) → mail.city.chuo.example:25',
    '127.0.0.1 → admin (127.0.0.1):8025',
  ]);
  expect(firewallTable(shared)[2]?.why.ja).toContain('chuo, minato');
});
