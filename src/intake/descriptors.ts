/** How many connections the descriptors of this process carry: beyond them accept(2) fails and peers hear nothing at all. */
import { readFileSync } from 'node:fs';

/** Database, log, lists, event loop, and peers that are being turned away. */
const RESERVED = 64;
/** A connection in DATA for one tenant with three stores: its socket, a share and a key in each. */
const EACH = 8;

/** @param openFiles RLIMIT_NOFILE. @returns at least 1. */
export const affordableConnections = (openFiles: number): number =>
  Math.max(1, Math.floor((openFiles - RESERVED) / EACH));

/** The soft limit now; Node has raised it to the hard one at its start. Infinity where it cannot be read. */
export function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
