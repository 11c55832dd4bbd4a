/**
 * Whose turn it is: round robin between tenants. The tenant that was served longest ago comes first, so one tenant's
 * ten thousand mails delay another's one mail by one turn. Kept in memory: after a restart the round begins anew.
 */
export class Turns {
  readonly #lastServed = new Map<string, number>();
  #now = 0;

  /** Tenants in the order of their turns; those never served first, in the order given. */
  order(tenants: readonly string[]): readonly string[] {
    return [...tenants].sort((a, b) => (this.#lastServed.get(a) ?? 0) - (this.#lastServed.get(b) ?? 0));
  }

  served(tenant: string): void {
    this.#now++;
    this.#lastServed.set(tenant, this.#now);
  }
}
