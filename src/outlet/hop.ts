/** One tenant's next hop, as connection options. TLS is never weaker than the operator wrote (RFC 3207, RFC 7817). */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { TenantSettings } from '../config/schema.ts';
import { GatewayError } from '../message/errors.ts';

export interface NextHop {
  readonly host: string;
  readonly port: number;
  readonly mode: 'required' | 'opportunistic' | 'unverified' | 'none';
  /** Also for opportunistic TLS a certificate that does not verify ends the try; only «unverified» takes any. */
  readonly tls: ConnectionOptions;
  readonly maxConnections: number;
  /** Our own name for EHLO. */
  readonly ownName: string;
  /** Silence after which a try has failed. */
  readonly timeoutMs: number;
}

/** @throws GatewayError E_CONFIG_INVALID when the authority's file cannot be read. */
export function nextHop({ id, nextHop: hop }: TenantSettings, ownName: string, timeoutSeconds: number): NextHop {
  const serverName = hop.serverName ?? (isIP(hop.host) === 0 ? hop.host : undefined);
  return {
    host: hop.host,
    port: hop.port,
    mode: hop.tls,
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: hop.tls !== 'unverified',
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(hop.caFile === undefined ? {} : { ca: readAuthority(id, hop.caFile) }),
    },
    maxConnections: hop.maxConnections,
    ownName,
    timeoutMs: timeoutSeconds * 1000,
  };
}

function readAuthority(tenant: string, file: string): Buffer {
  const key = `tenants.${tenant}.nextHop.caFile`;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new GatewayError('E_CONFIG_INVALID', `${key} cannot be read: ${file}`, { key }, { cause });
  }
}
