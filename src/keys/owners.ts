/** Started as root, each role runs under its own uid: then its key folder belongs to that uid and opens for no other. */
import { chmodSync, chownSync } from 'node:fs';
import { ROLES, type Role } from '../message/roles.ts';
import { keysFolder, publicFile } from './directory.ts';
import { listKeyFiles, roleFolder } from './private.ts';

/**
 * For root only; repeating it is harmless.
 * @param uidOfRole the user id each role's process will run under
 * @param gid group shared by the roles: may enter keys/ and read public.json
 */
export function assignOwners(dataDir: string, uidOfRole: Readonly<Record<Role, number>>, gid: number): void {
  chownSync(keysFolder(dataDir), 0, gid);
  chmodSync(keysFolder(dataDir), 0o755);
  chownSync(publicFile(dataDir), 0, gid);
  for (const role of ROLES) {
    for (const { file } of listKeyFiles(dataDir, role)) chownSync(file, uidOfRole[role], gid);
    chownSync(roleFolder(dataDir, role), uidOfRole[role], gid);
    chmodSync(roleFolder(dataDir, role), 0o700);
  }
}
