/** Tenants from the configuration: domains, recipients by list or probe, policies of single recipients. */
import type { Settings, TenantSettings } from '../config/schema.ts';
import type { Route } from '../message/envelope.ts';
import { GatewayError } from '../message/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { addressKey, lowerAscii, type SplitAddress, splitAddress } from './address.ts';
import { type ProbeDeps, ProbedAddresses } from './probed.ts';
import { type ListTiming, RecipientList } from './recipient-list.ts';
import type { RecipientVerdict, Tenants } from './tenants.ts';

export interface TenantsDeps extends ProbeDeps {
  readonly log: Log;
  /** For tests: other times than LIST_TIMING. */
  readonly listTiming?: ListTiming;
}

interface Tenant {
  readonly settings: TenantSettings;
  /** Policies that differ from the tenant's, by address key. */
  readonly policies: ReadonlyMap<string, string>;
  /** The address to deliver to, 'unknown' or 'undecided'. */
  find(address: SplitAddress): Promise<Found>;
}

type Found = { readonly kind: 'known'; readonly address: string } | { readonly kind: 'unknown' | 'undecided' };

/** @throws GatewayError E_CONFIG_INVALID: a domain of two tenants, a recipient list that cannot be read. */
export function openTenants(settings: Pick<Settings, 'tenants'>, deps: TenantsDeps): Tenants & { close(): void } {
  const probed = new ProbedAddresses(deps);
  const byDomain = new Map<string, Tenant>();
  for (const each of settings.tenants) {
    const tenant = openTenant(each, deps, probed);
    for (const domain of each.domains) claim(byDomain, domain, tenant);
  }
  return {
    check: (address) => check(byDomain, address),
    routesOf: (recipients) => routesOf(byDomain, recipients),
    close: () => probed.close(),
  };
}

function claim(byDomain: Map<string, Tenant>, domain: string, tenant: Tenant): void {
  const other = byDomain.get(lowerAscii(domain))?.settings.id;
  if (other !== undefined) {
    const key = `tenants.${tenant.settings.id}.domains`;
    throw new GatewayError('E_CONFIG_INVALID', `${key}: ${domain} belongs to ${other} already`, { key });
  }
  byDomain.set(lowerAscii(domain), tenant);
}

function openTenant(settings: TenantSettings, deps: TenantsDeps, probed: ProbedAddresses): Tenant {
  const policies = new Map(
    settings.policies.flatMap(({ recipients, policy }) => recipients.map((address) => [lowerAscii(address), policy])),
  );
  return { settings, policies, find: finder(settings, deps, probed) };
}

function finder(
  { id, domains, recipients }: TenantSettings,
  deps: TenantsDeps,
  probed: ProbedAddresses,
): Tenant['find'] {
  if (recipients.kind === 'probe') {
    return async (address) => {
      const verdict = await probed.verdict(id, addressKey(address), recipients.waitMs);
      return verdict === 'exists' ? known(`${address.local}@${address.domain}`) : { kind: verdict };
    };
  }
  const source = { tenant: id, file: recipients.file, domains: new Set(domains.map(lowerAscii)) };
  const list = new RecipientList(source, deps.log, deps.now, deps.listTiming);
  return async (address) => {
    const spelled = await list.find(addressKey(address));
    return spelled === undefined ? { kind: 'unknown' } : known(spelled);
  };
}

const known = (address: string): Found => ({ kind: 'known', address });

async function check(byDomain: ReadonlyMap<string, Tenant>, address: string): Promise<RecipientVerdict> {
  const split = splitAddress(address);
  const tenant = split && byDomain.get(split.domain);
  if (split === undefined || tenant === undefined) return { kind: 'relay' };
  const found = await tenant.find(split);
  if (found.kind !== 'known') return { kind: found.kind };
  return {
    kind: 'known',
    tenant: tenant.settings.id,
    policy: policyOf(tenant, split),
    address: found.address,
  };
}

const policyOf = (tenant: Tenant, address: SplitAddress): string =>
  tenant.policies.get(addressKey(address)) ?? tenant.settings.policy;

function routesOf(byDomain: ReadonlyMap<string, Tenant>, recipients: readonly string[]): readonly Route[] {
  const routes = new Map<string, { tenant: string; policy: string; recipients: string[] }>();
  for (const address of recipients) {
    const split = splitAddress(address);
    const tenant = split && byDomain.get(split.domain);
    if (split === undefined || tenant === undefined) throw new GatewayError('E_RELAY_DENIED', 'recipient of no tenant');
    const policy = policyOf(tenant, split);
    const key = `${tenant.settings.id}/${policy}`;
    const route = routes.get(key) ?? { tenant: tenant.settings.id, policy, recipients: [] };
    route.recipients.push(address);
    routes.set(key, route);
  }
  return [...routes.values()];
}
