/**
 * Who reads the mail for postmaster. RFC 5321 §4.5.1 asks every server that takes mail for a domain to have one, and to
 * take `RCPT TO:<postmaster>` without a domain too.
 */
import type { Settings } from '../config/schema.ts';

/** @param domain in lower case; undefined: the address without a domain. @returns an address of a tenant, or undefined. */
export type PostmasterOf = (domain: string | undefined) => string | undefined;

/** The configured one; otherwise the domain's own tenant's first administrator, without a domain the first tenant's. */
export const postmasterOf =
  ({ intake, tenants }: Pick<Settings, 'intake' | 'tenants'>): PostmasterOf =>
  (domain) => {
    const tenant = domain === undefined ? tenants[0] : tenants.find(({ domains }) => domains.includes(domain));
    return tenant === undefined ? undefined : (intake.postmaster ?? tenant.administrators[0]);
  };
