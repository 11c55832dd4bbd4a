/** What must hold between settings, and between settings and the disk. Each rule answers with the mistakes it found. */
import { statSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import type { Role } from '../message/roles.ts';
import type { Sentence } from '../message/texts.ts';
import { MISSING_FILES, MISTAKES } from '../message/texts-config.ts';
import { isLoopback, listenOf } from './addresses.ts';
import { closest, type Mistake, mistake } from './mistakes.ts';
import type { Settings } from './schema.ts';

type Rule = (settings: Settings, readers: readonly Role[]) => readonly Mistake[];

/** @param settings with absolute paths. @param readers roles whose files must be here. */
export const brokenRules = (settings: Settings, readers: readonly Role[]): readonly Mistake[] =>
  RULES.flatMap((rule) => rule(settings, readers));

const tenantIdsDiffer: Rule = ({ tenants }) =>
  repeated(tenants.map(({ id }, i) => [id, `tenants[${i}].id`])).map(({ value, path, first }) =>
    mistake(path, MISTAKES.tenantIdTwice, { value, first }),
  );

const domainsHaveOneTenant: Rule = ({ tenants }) =>
  repeated(
    tenants.flatMap(({ domains }, i) => domains.map((domain, j) => [domain, `tenants[${i}].domains[${j}]`] as const)),
  ).map(({ value, path, first }) => mistake(path, MISTAKES.domainTwice, { value, first }));

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
      return meant === undefined
        ? mistake(path, MISTAKES.noPolicy, { name, known: known.join(', ') })
        : mistake(path, MISTAKES.noPolicyMeant, { name, meant });
    });
};

const policyRecipientsAreTheTenants: Rule = ({ tenants }) =>
  tenants.flatMap((tenant, i) => {
    const listed = tenant.policies.flatMap(({ recipients }, j) =>
      recipients.map((address, k) => [address.toLowerCase(), `tenants[${i}].policies[${j}].recipients[${k}]`] as const),
    );
    const foreign = listed
      .filter(([address]) => !tenant.domains.includes(address.slice(address.lastIndexOf('@') + 1)))
      .map(([address, path]) => mistake(path, MISTAKES.foreignAddress, { address, tenant: tenant.id }));
    const twice = repeated(listed).map(({ value, path, first }) =>
      mistake(path, MISTAKES.addressTwice, { value, first }),
    );
    return [...foreign, ...twice];
  });

const thresholdFitsStores: Rule = ({ vault: { threshold, stores } }) =>
  threshold <= stores.length
    ? []
    : [mistake('vault.threshold', MISTAKES.thresholdAboveStores, { threshold, stores: stores.length })];

const storesDiffer: Rule = ({ vault: { stores } }) => [
  ...repeated(stores.map(({ name }, i) => [name, `vault.stores[${i}].name`])).map(({ value, path, first }) =>
    mistake(path, MISTAKES.storeNameTwice, { value, first }),
  ),
  ...repeated(stores.map(({ path }, i) => [path, `vault.stores[${i}].path`])).map(({ value, path, first }) =>
    mistake(path, MISTAKES.storePathTwice, { value, first }),
  ),
];

/** A file that a setting names, and the role that reads it. */
export interface NamedFile {
  /** Key path, like `intake.tls.keyFile`. */
  readonly path: string;
  readonly file: string;
  readonly role: Role;
  /** What to do when it is missing. */
  readonly todo: Sentence;
}

/** @param settings with absolute paths. */
export const namedFiles = ({ intake: { tls }, tenants }: Settings): readonly NamedFile[] => [
  ...(tls === undefined
    ? []
    : [
        named('intake.tls.keyFile', tls.keyFile, 'intake', MISSING_FILES.tlsKey),
        named('intake.tls.certFile', tls.certFile, 'intake', MISSING_FILES.tlsCert),
      ]),
  ...tenants.flatMap(({ recipients }, i) =>
    recipients.kind === 'probe'
      ? []
      : named(`tenants[${i}].recipients.file`, recipients.file, 'intake', MISSING_FILES.recipients),
  ),
  ...tenants.flatMap(({ nextHop: { caFile } }, i) =>
    caFile === undefined ? [] : named(`tenants[${i}].nextHop.caFile`, caFile, 'outlet', MISSING_FILES.ca),
  ),
];

const named = (path: string, file: string, role: Role, todo: Sentence): NamedFile => ({ path, file, role, todo });

const filesExist: Rule = (settings, readers) =>
  namedFiles(settings)
    .filter(({ role, file }) => readers.includes(role) && isMissing(file))
    .map(({ path, file, todo }) => mistake(path, MISTAKES.fileMissing, { file, todo }));

const listenersMakeSense: Rule = ({ intake, admin }) => {
  const found: Mistake[] = [];
  const listeners = [
    ['intake.listen', intake.listen],
    ['admin.listen', admin.listen],
  ] as const;
  for (const [path, text] of listeners) {
    const { host, port } = listenOf(text);
    if (port > 65_535) found.push(mistake(path, MISTAKES.noSuchPort, { port }));
    if (host !== 'localhost' && isIP(host) === 0) found.push(mistake(path, MISTAKES.noAddress, { host }));
  }
  if (!isLoopback(listenOf(admin.listen).host)) {
    found.push(mistake('admin.listen', MISTAKES.adminReachable, { listen: admin.listen }));
  }
  if (intake.listen === admin.listen && listenOf(intake.listen).port !== 0) {
    found.push(mistake('admin.listen', MISTAKES.listenTwice, { listen: admin.listen }));
  }
  return found;
};

const peersAreAddresses: Rule = ({ intake }) =>
  (['peers', 'proxies', 'tlsRequired'] as const).flatMap((key) =>
    intake[key].flatMap((value, i) =>
      isBlock(value) ? [] : [mistake(`intake.${key}[${i}]`, MISTAKES.noBlock, { value })],
    ),
  );

const requiredTlsIsOffered: Rule = ({ intake }) =>
  intake.tlsRequired.length === 0 || intake.tls !== undefined
    ? []
    : [mistake('intake.tlsRequired', MISTAKES.tlsNotOffered)];

const postmasterIsATenants: Rule = ({ intake: { postmaster: value }, tenants }) =>
  value === undefined || tenants.some(({ domains }) => domains.includes(value.split('@')[1] ?? ''))
    ? []
    : [mistake('intake.postmaster', MISTAKES.postmasterElsewhere, { value })];

const waitsAreOrdered: Rule = ({ outlet }) =>
  outlet.firstRetrySeconds <= outlet.maxRetrySeconds
    ? []
    : [
        mistake('outlet.firstRetrySeconds', MISTAKES.waitsOutOfOrder, {
          first: outlet.firstRetrySeconds,
          max: outlet.maxRetrySeconds,
        }),
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
  requiredTlsIsOffered,
  postmasterIsATenants,
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
