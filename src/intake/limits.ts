/** Where intake stops listening. What an operator may set is in config/schema.ts; these guard us and have one right size. */

export interface IntakeLimits {
  /** Octets of one command line. */
  readonly maxCommandBytes: number;
  /** Header block of a message, in octets. */
  readonly maxHeaderBytes: number;
  readonly maxHeaderFields: number;
  /** Tenants of one transaction: each costs a sealed copy of the message. */
  readonly maxTenants: number;
  /** Octets read and thrown away after a message was refused, as a multiple of the largest message. */
  readonly drainFactor: number;
  /** Refused commands (code 500–504, 530, 555) of one connection, since its last accepted message, until 421. */
  readonly maxErrors: number;
  /** Time a connection may live before it is closed between two mails; twice that closes it anywhere. */
  readonly sessionMs: number;
  /** DATA slower than `minWindowBytes` in each of two windows in a row ends with 421. */
  readonly dataWindowMs: number;
  readonly minWindowBytes: number;
  /** Time in which a load balancer must have sent its PROXY header. */
  readonly proxyHeaderMs: number;
  /** How often the clocks of all connections are looked at. */
  readonly sweepMs: number;
  /** How long `close` waits for messages that are being received. */
  readonly graceMs: number;
}

export const INTAKE_LIMITS: IntakeLimits = {
  maxCommandBytes: 2048, // RFC 5321 §4.5.3.1.4: 512, and RFC 3461 §4 adds 500 for ORCPT, 100 for ENVID
  maxHeaderBytes: 1024 * 1024, // ten times what Postfix reads (header_size_limit 102,400)
  maxHeaderFields: 10_000, // threats.tsv S42; real mail has below 200
  maxTenants: 4, // design.md §2
  drainFactor: 4, // a client that ignores SIZE is read this far so that it can hear the 552
  maxErrors: 10, // threats.tsv S30
  sessionMs: 3_600_000, // relays keep a connection for minutes (Postfix: 300 s), none for an hour
  dataWindowMs: 30_000,
  minWindowBytes: 30_720, // 1 KiB/s: slower than any line a relay stands on
  proxyHeaderMs: 5_000, // proxy-protocol.txt §2 asks for at least 3 s: one lost packet
  sweepMs: 2_000,
  graceMs: 20_000, // below the 30 s that service managers wait before they kill
};
