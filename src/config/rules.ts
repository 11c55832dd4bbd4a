/** What must hold between settings, and between settings and the disk. Each rule answers with the mistakes it found. */
import { statSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import type { Role } from '../message/roles.ts';
import { isLoopback, listenOf } from './addresses.ts';
import { closest, type Mistake, mistake } from './mistakes.ts';
import type { Settings } from './schema.ts';

type Rule = (settings: Settings, readers: readonly Role[]) => readonly Mistake[];

/** @param settings with absolute paths. @param readers roles whose files must be here. */
export const brokenRules = (settings: Settings, readers: readonly Role[]): readonly Mistake[] =>
  RULES.flatMap((rule) => rule(settings, readers));

const tenantIdsDiffer: Rule = ({ tenants }) =>
  repeated(tenants.map(({ id }, i) => [id, `tenants[${i}].id`])).map(({ value, path, first }) =>
    mistake(path, `«${value}» is the id of ${first} too`, 'give each tenant its own id'),
  );

const domainsHaveOneTenant: Rule = ({ tenants }) =>
  repeated(
    tenants.flatMap(({ domains }, i) => domains.map((domain, j) => [domain, `tenants[${i}].domains[${j}]`] as const)),
  ).map(({ value, path, first }) =>
    mistake(path, `«${value}» stands at ${first} already`, 'leave each domain to one tenant'),
  );

const policiesAreKnown: Rule = ({ tenants, policies }) => {
  const known = ['default', ...Object.keys(policies)];
  const used = tenants.flatMap((tenant, i) => [
    { name: tenant.policy, path: `tenants[${i}].policy` },
    ...tenant.policies.map(({ policy }, j) => ({ name: policy, path: `tenants[${i}].policies[${j}].policy` })),
  ]);
  return used
    .filter(({ name }) => !known.includes(name))
    .map(({ name, path }) => {
      const meant = closest(name, known);
      const todo =
        meant === undefined ? `define it under policies; known: ${known.join(', ')}` : `did you mean «${meant}»?`;
      return mistake(path, `there is no policy «${name}»`, todo);
    });
};

const policyRecipientsAreTheTenants: Rule = ({ tenants }) =>
  tenants.flatMap((tenant, i) => {
    const listed = tenant.policies.flatMap(({ recipients }, j) =>
      recipients.map((address, k) => [address.toLowerCase(), `tenants[${i}].policies[${j}].recipients[${k}]`] as const),
    );
    const foreign = listed
      .filter(([address]) => !tenant.domains.includes(address.slice(address.lastIndexOf('@') + 1)))
      .map(([address, path]) =>
        mistake(path, `«${address}» has none of the domains of ${tenant.id}`, 'list it with its own tenant'),
      );
    const twice = repeated(listed).map(({ value, path, first }) =>
      mistake(path, `«${value}» stands at ${first} already`, 'give each address one policy'),
    );
    return [...foreign, ...twice];
  });

const thresholdFitsStores: Rule = ({ vault: { threshold, stores } }) =>
  threshold <= stores.length
    ? []
    : [
        mistake(
          'vault.threshold',
          `${threshold} shares are asked for, but there are ${stores.length} stores`,
          `use at most ${stores.length}, or add stores`,
        ),
      ];

const storesDiffer: Rule = ({ vault: { stores } }) => [
  ...repeated(stores.map(({ name }, i) => [name, `vault.stores[${i}].name`])).map(({ value, path, first }) =>
    mistake(path, `«${value}» is the name of ${first} too`, 'give each store its own name'),
  ),
  ...repeated(stores.map(({ path }, i) => [path, `vault.stores[${i}].path`])).map(({ value, path, first }) =>
    mistake(path, `${value} is the folder of ${first} too`, 'give each store its own folder, best on its own disk'),
  ),
];

/** A file that a setting names, and the role that reads it. */
export interface NamedFile {
  /** Key path, like `intake.tls.keyFile`. */
  readonly path: string;
  readonly file: string;
  readonly role: Role;
  /** What to do when it is missing. */
  readonly todo: string;
}

/** @param settings with absolute paths. */
export const namedFiles = ({ intake: { tls }, tenants }: Settings): readonly NamedFile[] => [
  ...(tls === undefined
    ? []
    : [
        named('intake.tls.keyFile', tls.keyFile, 'intake', 'create the key, or remove intake.tls'),
        named('intake.tls.certFile', tls.certFile, 'intake', 'create the certificate, or remove intake.tls'),
      ]),
  ...tenants.flatMap(({ recipients }, i) =>
    recipients.kind === 'probe'
      ? []
      : named(
          `tenants[${i}].recipients.file`,
          recipients.file,
          'intake',
          'create it with one address a line, or use kind: probe',
        ),
  ),
  ...tenants.flatMap(({ nextHop: { caFile } }, i) =>
    caFile === undefined
      ? []
      : named(`tenants[${i}].nextHop.caFile`, caFile, 'outlet', 'put the authority’s certificate there'),
  ),
];

const named = (path: string, file: string, role: Role, todo: string): NamedFile => ({ path, file, role, todo });

const filesExist: Rule = (settings, readers) =>
  namedFiles(settings)
    .filter(({ role, file }) => readers.includes(role) && isMissing(file))
    .map(({ path, file, todo }) => mistake(path, `${file} is not a file`, todo));

const listenersMakeSense: Rule = ({ intake, admin }) => {
  const found: Mistake[] = [];
  const listeners = [
    ['intake.listen', intake.listen],
    ['admin.listen', admin.listen],
  ] as const;
  for (const [path, text] of listeners) {
    const { host, port } = listenOf(text);
    if (port > 65_535) found.push(mistake(path, `there is no port ${port}`, 'use a port of 1 to 65535'));
    if (host !== 'localhost' && isIP(host) === 0)
      found.push(mistake(path, `${host} is no address`, 'use an IPv4 address or [IPv6]'));
  }
  if (!isLoopback(listenOf(admin.listen).host)) {
    found.push(
      mistake(
        'admin.listen',
        `${admin.listen} can be reached from other machines`,
        'use 127.0.0.1 or [::1] until accounts exist',
      ),
    );
  }
  if (intake.listen === admin.listen && listenOf(intake.listen).port !== 0) {
    found.push(mistake('admin.listen', `${admin.listen} is intake.listen too`, 'use another port'));
  }
  return found;
};

const peersAreAddresses: Rule = ({ intake }) =>
  intake.peers.flatMap((peer, i) =>
    isBlock(peer)
      ? []
      : [
          mistake(
            `intake.peers[${i}]`,
            `«${peer}» is no address or block`,
            'write it like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
          ),
        ],
  );

const waitsAreOrdered: Rule = ({ outlet }) =>
  outlet.firstRetrySeconds <= outlet.maxRetrySeconds
    ? []
    : [
        mistake(
          'outlet.firstRetrySeconds',
          `${outlet.firstRetrySeconds} is longer than maxRetrySeconds (${outlet.maxRetrySeconds})`,
          'make the first wait the shorter one',
        ),
      ];

const RULES: readonly Rule[] = [
  tenantIdsDiffer,
  domainsHaveOneTenant,
  policiesAreKnown,
  policyRecipientsAreTheTenants,
  thresholdFitsStores,
  storesDiffer,
  filesExist,
  listenersMakeSense,
  peersAreAddresses,
  waitsAreOrdered,
];

interface Repetition {
  readonly value: string;
  readonly path: string;
  /** Where it stood first. */
  readonly first: string;
}

function repeated(entries: readonly (readonly [value: string, path: string])[]): readonly Repetition[] {
  const seen = new Map<string, string>();
  return entries.flatMap(([value, path]) => {
    const first = seen.get(value);
    if (first !== undefined) return [{ value, path, first }];
    seen.set(value, path);
    return [];
  });
}

/** A file that this process may not see counts as there: each role reads only its own. */
function isMissing(file: string): boolean {
  try {
    return !statSync(file).isFile();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

function isBlock(text: string): boolean {
  const [address = '', bits] = text.split('/');
  const family = isIP(address);
  if (family === 0) return false;
  if (bits === undefined) return true;
  try {
    new BlockList().addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    // More bits than the address has.
    return false;
  }
}
