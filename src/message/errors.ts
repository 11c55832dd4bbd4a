/**
 * Failures of our own machinery (disk full, peer down, bad configuration).
 * What is wrong with a MAIL is not an error but an outcome (see outcome.ts).
 */

interface Kind {
  /** True when the same call can succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** Reply to an SMTP client: RFC 5321 code, RFC 3463 status, and a text that tells nothing about us. */
  readonly smtp: readonly [code: number, status: string, text: string];
}

const TRY_LATER = [451, '4.3.0', 'Try again later'] as const;

/** Every code there is, documented one by one in docs/errors.md; a test compares the two. */
const KINDS = {
  E_CONFIG_INVALID: { retryable: false, smtp: [451, '4.3.5', 'Try again later'] },
  E_NODE_TOO_OLD: { retryable: false, smtp: TRY_LATER },
  E_STORE_UNAVAILABLE: { retryable: true, smtp: TRY_LATER },
  E_STORE_FULL: { retryable: true, smtp: [452, '4.3.1', 'Insufficient storage, try again later'] },
  E_OBJECT_MISSING: { retryable: false, smtp: TRY_LATER },
  E_OBJECT_TAMPERED: { retryable: false, smtp: TRY_LATER },
  E_KEY_MISSING: { retryable: false, smtp: TRY_LATER },
  E_KEY_UNREADABLE: { retryable: false, smtp: TRY_LATER },
  E_DATABASE_BUSY: { retryable: true, smtp: TRY_LATER },
  E_DATABASE_FAILED: { retryable: true, smtp: TRY_LATER },
  E_DATABASE_NEWER: { retryable: false, smtp: TRY_LATER },
  E_JOB_UNREADABLE: { retryable: false, smtp: TRY_LATER },
  E_LEASE_LOST: { retryable: true, smtp: TRY_LATER },
  E_AUDIT_BROKEN: { retryable: false, smtp: TRY_LATER },
  E_JAIL_UNAVAILABLE: { retryable: true, smtp: TRY_LATER },
  E_JAIL_BELOW_MINIMUM: { retryable: false, smtp: TRY_LATER },
  E_GATE_REFUSED: { retryable: false, smtp: TRY_LATER },
  E_RECEIPT_INVALID: { retryable: false, smtp: TRY_LATER },
  E_DOWNSTREAM_UNREACHABLE: { retryable: true, smtp: TRY_LATER },
  E_RECIPIENT_UNKNOWN: { retryable: false, smtp: [550, '5.1.1', 'No such recipient here'] },
  E_RELAY_DENIED: { retryable: false, smtp: [550, '5.7.1', 'Relaying denied'] },
  E_RECIPIENT_UNDECIDED: { retryable: true, smtp: [451, '4.4.3', 'Recipient could not be checked, try again later'] },
  E_ROLE_NOT_STARTED: { retryable: false, smtp: TRY_LATER },
  E_SHUTTING_DOWN: { retryable: true, smtp: [421, '4.3.2', 'Service closing, try again later'] },
} as const satisfies Record<string, Kind>;

export type ErrorCode = keyof typeof KINDS;

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  /** For the operator's log only: ids, paths, peers. Never sent to a mail client; never body, subject or password. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, message: string, details: GatewayError['details'] = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  get retryable(): boolean {
    return KINDS[this.code].retryable;
  }

  get smtp(): Kind['smtp'] {
    return KINDS[this.code].smtp;
  }
}

export const ERROR_CODES = Object.keys(KINDS) as readonly ErrorCode[];
