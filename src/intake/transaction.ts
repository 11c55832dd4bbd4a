/** One mail transaction of a connection: its sender, and the recipients that were let in (RFC 5321 §3.3). */
import { GatewayError } from '../message/errors.ts';
import type { RecipientVerdict, Tenants } from '../tenants/tenants.ts';
import { isPostmaster } from './address.ts';
import type { PostmasterOf } from './postmaster.ts';
import { Refusal } from './reply.ts';

export interface TransactionLimits {
  readonly maxRecipients: number;
  readonly maxTenants: number;
}

export interface Directory {
  readonly tenants: Pick<Tenants, 'check'>;
  readonly postmaster: PostmasterOf;
}

export class Transaction {
  #reversePath = '';
  /** By address in lower case: a repeated RCPT is one recipient. */
  readonly #recipients = new Map<string, string>();
  readonly #tenants = new Set<string>();

  begin(reversePath: string): void {
    this.#reversePath = reversePath;
  }

  get reversePath(): string {
    return this.#reversePath;
  }

  get recipients(): readonly string[] {
    return [...this.#recipients.values()];
  }

  /** @throws Refusal or GatewayError with the reply for RCPT. */
  async add(address: string, directory: Directory, limits: TransactionLimits): Promise<void> {
    if (this.#recipients.has(address.toLowerCase())) return;
    if (this.#recipients.size >= limits.maxRecipients) throw new Refusal([452, '4.5.3', 'Too many recipients']);
    const verdict = await checked(address, directory);
    switch (verdict.kind) {
      case 'relay':
        throw new GatewayError('E_RELAY_DENIED', 'no tenant has this domain');
      case 'unknown':
        throw new GatewayError('E_RECIPIENT_UNKNOWN', 'no such recipient');
      case 'undecided':
        throw new GatewayError('E_RECIPIENT_UNDECIDED', 'the next hop has not answered yet');
      case 'known': {
        if (!this.#tenants.has(verdict.tenant) && this.#tenants.size >= limits.maxTenants) {
          throw new Refusal([452, '4.5.3', 'Too many destinations']);
        }
        this.#tenants.add(verdict.tenant);
        // Two names for one mailbox (postmaster, any case) are one recipient.
        this.#recipients.set(verdict.address.toLowerCase(), verdict.address);
      }
    }
  }
}

/** The tenant's word on an address; postmaster is somebody everywhere (RFC 5321 §4.5.1). */
async function checked(address: string, { tenants, postmaster }: Directory): Promise<RecipientVerdict> {
  const [localPart = '', domain] = address.split('@');
  const verdict = domain === undefined ? undefined : await tenants.check(address);
  if (!isPostmaster(localPart) || (verdict !== undefined && verdict.kind !== 'unknown')) {
    return verdict ?? { kind: 'relay' };
  }
  const stands = postmaster(domain);
  return stands === undefined ? { kind: 'unknown' } : tenants.check(stands);
}
