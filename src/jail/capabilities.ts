/** Capabilities of this process, as the kernel shows them (capabilities(7)). */
import { readFileSync } from 'node:fs';

/** Bits of linux/capability.h. */
const BIT = { kill: 5n, setgid: 6n, setuid: 7n, setpcap: 8n, sys_chroot: 18n, sys_admin: 21n } as const;

export type Capability = keyof typeof BIT;

/** A container's root has few of them: being root says nothing. */
export function holds(capability: Capability): boolean {
  const permitted = /^CapPrm:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${permitted}`) & (1n << BIT[capability])) !== 0n;
}
