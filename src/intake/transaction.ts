/** One mail transaction of a connection: its sender, and the recipients that were let in (RFC 5321 §3.3). */
import { GatewayError } from '../message/errors.ts';
import type { Tenants } from '../tenants/tenants.ts';
import { Refusal } from './reply.ts';

export interface TransactionLimits {
  readonly maxRecipients: number;
  readonly maxTenants: number;
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
  async add(address: string, tenants: Tenants, limits: TransactionLimits): Promise<void> {
    if (this.#recipients.has(address.toLowerCase())) return;
    if (this.#recipients.size >= limits.maxRecipients) throw new Refusal([452, '4.5.3', 'Too many recipients']);
    const verdict = await tenants.check(address);
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
        this.#recipients.set(address.toLowerCase(), verdict.address);
      }
    }
  }
}
