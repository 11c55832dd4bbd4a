/** The public keys that the audit log is verified with, read without any private key: for the offline command. */
import { publicFile, readPublicKeys } from '../keys/directory.ts';
import type { RoleKeys } from '../keys/keys.ts';

/** @throws GatewayError E_KEY_MISSING, E_KEY_UNREADABLE */
export const readAuditVerifiers = (dataDir: string): ReturnType<RoleKeys['auditVerifiers']> =>
  readPublicKeys(publicFile(dataDir)).filter(({ purpose }) => purpose === 'audit');
