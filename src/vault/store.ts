/**
 * A place for one share of each object. The vault knows nothing else of it.
 *
 * Every implementation passes test/contract/store.ts, which spells this out:
 * - a record is (object id, part); `create` with 'new' never overwrites one that is there (a plain Error);
 * - `finish` resolves only when content and name survive a power cut; until then `abort` leaves nothing behind;
 * - no record appears under its name half written after `finish` or `abort`; a crash may leave one, which then lacks
 *   its end (format.ts) and is found by check.ts;
 * - other failures are GatewayErrors E_STORE_FULL (no space, quota) or E_STORE_UNAVAILABLE (all else).
 */
import type { Part } from './format.ts';

export interface RecordName {
  /** An id of message/ids.ts. */
  readonly objectId: string;
  readonly part: Part;
}

export interface RecordWriter {
  append(pieces: readonly Uint8Array[]): Promise<void>;
  finish(): Promise<void>;
  /** Removes what was written, finished or not (a replaced record stays once it is finished). Never rejects. */
  abort(): Promise<void>;
}

export interface Piece {
  /** Shorter than asked when the record ends before. */
  readonly bytes: Buffer;
  readonly recordBytes: number;
}

export interface Store {
  /** Name of the configuration; stands in the header of shares. */
  readonly name: string;
  /** 'new': rejects when the record exists. 'replace': the old content stays until `finish` puts the new in its place. */
  create(name: RecordName, mode: 'new' | 'replace'): RecordWriter;
  /** Bytes from `offset`; undefined when there is no such record. */
  read(name: RecordName, offset: number, length: number): Promise<Piece | undefined>;
  /** Durable when it resolves; harmless when there is no such record. */
  remove(name: RecordName): Promise<void>;
  /** Every record, in no order; one that comes or goes meanwhile may be missed. */
  list(): AsyncIterable<RecordName>;
  /** Resolves when a record could be written and synced right now. */
  probe(): Promise<void>;
}
