/** Which roles this machine or container is for: `--roles`, which `SEKISHO_ROLES` gives in the container image. */
import { ROLES, type Role } from '../message/roles.ts';

/** @param list comma separated. @returns undefined for a list that is none, with the usage told on stderr. */
export function rolesHere(list: string | undefined = process.env['SEKISHO_ROLES']): readonly Role[] | undefined {
  if (list === undefined) return ROLES;
  const names = list.split(',');
  const roles = ROLES.filter((role) => names.includes(role));
  if (roles.length === names.length) return roles;
  process.stderr.write(`--roles: a comma separated list out of ${ROLES.join(', ')}\n`);
  return undefined;
}
