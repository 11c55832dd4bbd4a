/** config/compose.yaml beside what the design and the product say of roles, zones and keys. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { firewallTable } from '../../../src/config/firewall.ts';
import { settingsSchema } from '../../../src/config/schema.ts';
import { ROLES } from '../../../src/message/roles.ts';
import { uidFor } from '../../../src/roles/separation.ts';
import { mountsOf, readCompose, type Service } from '../../kit/compose.ts';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

const { services, networks, volumes } = readCompose();
const of = (name: string): Service => {
  const found = services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
};
const settings = settingsSchema.parse({
  host: 'sekisho.example',
  intake: { listen: '0.0.0.0:2525', peers: ['192.0.2.1'] },
  tenants: [
    {
      id: 't1',
      name: '市',
      domains: ['t1.example'],
      recipients: { kind: 'probe' },
      administrators: ['joho@t1.example'],
      contact: '情報政策課',
      nextHop: { host: 'mail.t1.example' },
    },
  ],
  vault: { stores: ['a', 'b', 'c'].map((name) => ({ kind: 'directory', name, path: `/stores/${name}` })) },
});
const { runAs, jail } = settings;

test('each role is a service of its own, and beside them only what prepares', () => {
  expect(Object.keys(services).sort()).toEqual([...ROLES, 'prepare'].sort());
  for (const role of ROLES) expect(of(role).environment).toEqual({ SEKISHO_ROLES: role });
});

describe.each(Object.keys(services))('%s', (name) => {
  test('is read-only, gains no privileges, and its memory is bounded and never swapped', () => {
    const { read_only, cap_drop, security_opt, mem_limit, memswap_limit, pids_limit, tmpfs } = of(name);
    expect({ read_only, cap_drop, security_opt }).toEqual({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(memswap_limit).toBe(mem_limit);
    expect(pids_limit).toBeGreaterThan(0);
    expect(tmpfs.map((text) => text.split(':')[0])).toEqual(['/tmp']);
  });

  test('writes only below the data folder and into the stores', () => {
    const written = mountsOf(of(name)).filter(({ readOnly }) => !readOnly);
    for (const { target } of written) expect(target).toMatch(/^\/(data|stores)(\/|$)/);
  });

  test('mounts volumes that are declared', () => {
    const named = mountsOf(of(name)).filter(({ source }) => /^\w/.test(source));
    for (const { source } of named) expect(Object.keys(volumes)).toContain(source);
  });
});

test('root and capabilities only where user ids are given away: prepare, and the sanitizer for its children', () => {
  const added = Object.entries(services).filter(([, { cap_add }]) => cap_add.length > 0);
  expect(Object.fromEntries(added.map(([name, { cap_add }]) => [name, cap_add]))).toEqual({
    prepare: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'],
    sanitizer: ['KILL', 'SETGID', 'SETUID'],
  });
  for (const role of ['intake', 'outlet', 'admin'] as const) {
    expect(of(role).user).toBe(`${uidFor(runAs.baseUid, role)}:${runAs.baseUid}`);
  }
  for (const name of ['prepare', 'sanitizer']) expect(of(name).user).toBe(`0:${runAs.baseUid}`);
});

/** design.md §4, «zone» of each role; kept here so that the clone needs nothing beside it. */
const ZONES = { intake: 'internet', sanitizer: 'inner', outlet: 'lgwan', admin: 'management' } as const;

test('each role is in its own zone alone, and no two roles share a network', () => {
  for (const role of ROLES) expect([role, of(role).networks]).toEqual([role, [ZONES[role]]]);
  expect(of('prepare').network_mode).toBe('none');
  expect(Object.keys(networks).sort()).toEqual(Object.values(ZONES).sort());
});

test('networks agree with the firewall table: who neither listens outside nor connects has no route', () => {
  const rows = firewallTable(settings);
  const isLoopback = (address: string): boolean => /127\.0\.0\.1|\[::1\]/.test(address);
  const talksOutside = ROLES.filter((role) =>
    rows.some(
      ({ source, destination }) =>
        source.startsWith(`${role} `) || (destination.startsWith(`${role} `) && !isLoopback(destination)),
    ),
  );
  expect(talksOutside).toEqual(['intake', 'outlet']);
  for (const role of ROLES) {
    const hasRoute = of(role).networks.some((name) => networks[name]?.internal !== true);
    expect([role, hasRoute]).toEqual([role, talksOutside.includes(role)]);
  }
  const port = rows.find(({ destination }) => destination.startsWith('intake '))?.port;
  expect(of('intake').ports).toEqual([`0.0.0.0:25:${port}`]);
  for (const role of ['sanitizer', 'outlet', 'admin']) expect(of(role).ports).toEqual([]);
});

test('a role sees the key files of its own and of no other', () => {
  for (const role of ROLES) {
    const keys = mountsOf(of(role)).filter(({ target }) => target.startsWith('/data/keys'));
    expect(keys).toEqual([{ source: `keys-${role}`, target: `/data/keys/${role}`, readOnly: false }]);
  }
  const all = mountsOf(of('prepare')).filter(({ target }) => target.startsWith('/data/keys'));
  expect(all.map(({ source }) => source)).toEqual(ROLES.map((role) => `keys-${role}`));
});

test('the image makes the users that compose.yaml and the defaults name', () => {
  const text = read('Dockerfile');
  for (const role of ROLES) expect(text).toContain(`${role}:${uidFor(runAs.baseUid, role)}`);
  expect(text).toContain(`jail:${jail.uid}`);
  expect(text).toMatch(new RegExp(`groupadd --gid ${runAs.baseUid} `));
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');
  const gateway = /AS gateway\n([\s\S]*?)\nFROM /.exec(text)?.[1] ?? '';

  test('what runs is no root, has a health check, and an init that reaps', () => {
    expect(gateway).toMatch(/^USER (?!0)\d+:\d+$/m);
    expect(gateway).toMatch(/^HEALTHCHECK .*CMD \["sekisho", "health"\]$/m);
    expect(gateway).toMatch(/^ENTRYPOINT \["tini", "--", "sekisho"\]$/m);
  });

  test('the base is an argument, and what is built last is the gateway without tests', () => {
    expect(text).toMatch(/^ARG BASE=/m);
    expect(text.trimEnd().split('\n').at(-1)).toBe('FROM gateway');
    expect(gateway).not.toMatch(/COPY .*\b(test|bench)\b/);
  });

  test('no secret is copied or set, and nothing but what is copied is in the build context', () => {
    expect(text).not.toMatch(/^(ENV|ARG|COPY|ADD) .*(TOKEN|PASSWORD|SECRET|npmrc\s+\/root)/im);
    const ignore = read('.dockerignore').split('\n');
    expect(ignore.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
    expect(ignore).toContain('**/*.pem');
    const lets = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
    for (const name of copied) expect(lets).toContain(name.split('/')[0]);
  });
});
