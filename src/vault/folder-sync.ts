/**
 * Syncs of folders, shared by writers of the same moment: a sync that has not begun yet serves everybody who asks before
 * it begins. One that is running already serves nobody else, since it may have passed their change.
 */
export class FolderSync {
  readonly #sync: (folder: string) => Promise<void>;
  readonly #waiting = new Map<string, Promise<void>>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(sync: (folder: string) => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves when every change made in the folder before this call is durable. */
  sync(folder: string): Promise<void> {
    let waiting = this.#waiting.get(folder);
    if (waiting === undefined) {
      waiting = this.#next(folder);
      this.#waiting.set(folder, waiting);
    }
    return waiting;
  }

  async #next(folder: string): Promise<void> {
    // Others of this turn of the event loop may join.
    await new Promise(setImmediate);
    await this.#running.get(folder)?.catch(() => undefined);
    this.#waiting.delete(folder);
    const running = this.#sync(folder);
    this.#running.set(folder, running);
    try {
      await running;
    } finally {
      if (this.#running.get(folder) === running) this.#running.delete(folder);
    }
  }
}
