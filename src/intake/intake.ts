/**
 * SMTP in (RFC 5321): smtp-server 3.21.6 in a thin shell. Listed peers hand over mail for existing recipients of our
 * tenants; a 250 after DATA says that the mail survives a power cut here.
 *
 * Offered: PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES, DSN (accepted, never forwarded), SIZE, and STARTTLS where the
 * operator gave a key and certificate. Not offered: AUTH, CHUNKING, SMTPUTF8 (the LGWAN side has none), VRFY's answer,
 * XCLIENT. Load balancers that are listed speak the PROXY protocol before all that.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Settings } from '../config/schema.ts';
import { GatewayError } from '../message/errors.ts';
import type { IntakeDeps, TlsFiles } from './deps.ts';
import { INTAKE_LIMITS } from './limits.ts';
import { GuardedServer } from './server.ts';

export interface Intake {
  readonly port: number;
  /** Stops listening, answers 421 to all but messages in DATA, waits for those, then ends what is left. */
  close(): Promise<void>;
}

/** @throws GatewayError E_CONFIG_INVALID for peers, key or certificate; the system's error when the port is taken. */
export async function openIntake(settings: Pick<Settings, 'host' | 'intake'>, deps: IntakeDeps): Promise<Intake> {
  const limits = { ...INTAKE_LIMITS, ...deps.limits };
  const server = new GuardedServer(settings, tlsFiles(settings.intake, deps), limits, deps);
  const { address, port } = listenAddress(settings.intake.listen);
  server.listen(port, address);
  await once(server.server, 'listening');
  const bound = server.server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  deps.log.info('intake-listening', { port: boundPort, tls: settings.intake.tls !== undefined });
  return { port: boundPort, close: () => server.shutDown() };
}

/** They are read once: what happens to the files later changes nothing before the next start. */
function tlsFiles({ tls }: Settings['intake'], { log, now }: IntakeDeps): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  const files = { key: readPem(tls.keyFile, 'intake.tls.keyFile'), cert: readPem(tls.certFile, 'intake.tls.certFile') };
  const until = checkedUntil(files);
  if (until - now() < SOON_MS) log.warn('intake-certificate-ends', { until: new Date(until).toISOString() });
  return files;
}

/** Two weeks: a renewal that failed is seen before peers refuse. */
const SOON_MS = 14 * 24 * 3_600_000;

/** @returns Unix ms until which the certificate is valid. @throws GatewayError E_CONFIG_INVALID */
function checkedUntil({ key, cert }: TlsFiles): number {
  const settings = { key: 'intake.tls' };
  let certificate: X509Certificate;
  let belongs: boolean;
  try {
    certificate = new X509Certificate(cert);
    belongs = certificate.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    const what = 'intake.tls: keyFile or certFile is not PEM of a private key without passphrase, or of a certificate';
    throw new GatewayError('E_CONFIG_INVALID', what, settings, { cause });
  }
  if (!belongs) throw new GatewayError('E_CONFIG_INVALID', 'intake.tls: keyFile is not the key of certFile', settings);
  return certificate.validToDate.getTime();
}

function readPem(path: string, key: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GatewayError('E_CONFIG_INVALID', `${key} cannot be read: ${path}`, { key }, { cause });
  }
}

function listenAddress(listen: string): { readonly address: string; readonly port: number } {
  const colon = listen.lastIndexOf(':');
  return { address: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
