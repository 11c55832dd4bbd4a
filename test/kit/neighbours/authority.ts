/** A certificate authority for one test: its own key, and leaf certificates for names. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Authority {
  readonly caFile: string;
  issue(name: string): { readonly keyFile: string; readonly certFile: string };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** @throws the error of openssl. */
export function openAuthority(folder: string): Authority {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  const caFile = at('ca.pem');
  const made = ['-keyout', at('ca-key.pem'), '-out', caFile, '-days', '2', '-subj', '/CN=Test authority'];
  openssl('req', '-x509', ...NEW_KEY, ...made);
  return {
    caFile,
    issue(name) {
      const [keyFile, certFile, request, extension] = ['key.pem', 'cert.pem', 'csr.pem', 'ext.cnf'].map((end) =>
        at(`${name}-${end}`),
      ) as [string, string, string, string];
      writeFileSync(extension, `subjectAltName=DNS:${name}\n`);
      openssl('req', ...NEW_KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`);
      const signed = ['-CA', caFile, '-CAkey', at('ca-key.pem'), '-CAcreateserial', '-days', '2'];
      openssl('x509', '-req', '-in', request, ...signed, '-extfile', extension, '-out', certFile);
      // Each server reads it as a user of its own; a test's key is no secret.
      chmodSync(keyFile, 0o644);
      return { keyFile, certFile };
    },
  };
}
