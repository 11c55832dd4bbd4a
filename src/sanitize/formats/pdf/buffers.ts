/**
 * The large buffers of one document's pages, used again for its next page.
 *
 * A scanned page has 12 MB of pixels. Asked for anew each time they are mapped, zeroed and collected each time: a fifth of the
 * page's time. Nothing of a document stays in them beyond it: they go with it.
 */

/** Pages at work at once, and one being filled. */
const MOST_KEPT = 3;

export class Buffers {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** What is in it is whatever was. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#free.findIndex((buffer) => buffer.length === length);
    return this.#free.splice(at, at < 0 ? 0 : 1)[0] ?? new Uint8Array(length);
  }

  /** The giver does not look at it again. Other lengths than the last pages' are let go. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#free.unshift(buffer);
    this.#free.splice(MOST_KEPT);
  }
}
