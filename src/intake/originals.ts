/** The sealed originals of one transaction: one vault object for each tenant, written side by side. */
import { GatewayError } from '../message/errors.ts';
import { newId } from '../message/ids.ts';
import type { StoredObject, Vault, VaultWriter } from '../vault/vault.ts';

export class Originals {
  readonly #writers: ReadonlyMap<string, VaultWriter>;

  private constructor(writers: ReadonlyMap<string, VaultWriter>) {
    this.#writers = writers;
  }

  /** @throws GatewayError of the vault; nothing is left open then. */
  static async create(vault: Pick<Vault, 'create'>, tenants: ReadonlySet<string>): Promise<Originals> {
    const names = [...tenants];
    const opened = await Promise.allSettled(
      names.map((tenant) => vault.create({ objectId: newId(), tenant, kind: 'original' }, 'sanitizer')),
    );
    const writers = new Map<string, VaultWriter>();
    let failure: unknown;
    opened.forEach((result, index) => {
      if (result.status === 'fulfilled') writers.set(names[index] ?? '', result.value);
      else failure = result.reason;
    });
    const originals = new Originals(writers);
    if (writers.size === names.length) return originals;
    await originals.abort();
    throw failure;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    await settled([...this.#writers.values()].map((writer) => writer.write(chunk)));
  }

  async finish(): Promise<ReadonlyMap<string, StoredObject>> {
    const names = [...this.#writers.keys()];
    const stored = await settled([...this.#writers.values()].map((writer) => writer.finish()));
    return new Map(names.map((tenant, index) => [tenant, present(stored[index])]));
  }

  /** Removes everything; failures to do so are left to the sweeper. */
  async abort(): Promise<void> {
    await Promise.allSettled([...this.#writers.values()].map((writer) => writer.abort()));
  }
}

/** Like Promise.all, but waits for the slower ones before it throws: an abort must not run beside a write. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

function present(object: StoredObject | undefined): StoredObject {
  if (object === undefined) throw new GatewayError('E_OBJECT_MISSING', 'a sealed original has no description');
  return object;
}
