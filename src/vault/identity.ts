/**
 * Which store lies in a folder. A disk that is not mounted leaves an empty folder behind, which looks like a new store:
 * shares would go to the wrong disk, and nobody would hear of it.
 *
 * Each store bears a mark, `<path>/store.json`, and the data folder remembers it, `<dataDir>/stores/<name>.json`. A
 * store that was seen once and does not show its mark is absent: nothing is made or written in its place.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../message/errors.ts';
import { realDisk } from './disk.ts';

export interface StorePlace {
  readonly name: string;
  readonly path: string;
}

export type Presence =
  | { readonly kind: 'present' }
  /** Never seen by this data folder: new, or written by a version without marks. */
  | { readonly kind: 'unknown' }
  /** `found`: name of the store that lies there instead; '' when there is none. */
  | { readonly kind: 'absent'; readonly found: string };

const markSchema = z.strictObject({ store: z.string().max(64), id: z.string().regex(/^[0-9a-f]{32}$/) });
type Mark = z.infer<typeof markSchema>;

const MARK = 'store.json';
const READABLE_BY_GROUP = 0o640;

/** @param rememberedIn the data folder's `stores`. */
export function presenceOf({ name, path }: StorePlace, rememberedIn: string): Presence {
  const remembered = readMark(join(rememberedIn, `${name}.json`));
  const mark = readMark(join(path, MARK));
  if (remembered === undefined) return mark === undefined ? { kind: 'unknown' } : claimed(name, mark);
  return mark?.id === remembered.id ? { kind: 'present' } : { kind: 'absent', found: mark?.store ?? '' };
}

/** A store that another data folder, or an earlier life of this one, has marked: its own name must be ours. */
const claimed = (name: string, mark: Mark): Presence =>
  mark.store === name ? { kind: 'unknown' } : { kind: 'absent', found: mark.store };

/** Marks the store, if it has no mark, and remembers it; durable when it resolves. */
export async function remember({ name, path }: StorePlace, rememberedIn: string, gid?: number): Promise<void> {
  const mark = readMark(join(path, MARK)) ?? { store: name, id: randomBytes(16).toString('hex') };
  mkdirSync(rememberedIn, { recursive: true });
  if (gid !== undefined) {
    chownSync(rememberedIn, -1, gid);
    chmodSync(rememberedIn, 0o750);
  }
  if (!existsSync(join(path, MARK))) await writeMark(path, MARK, mark, gid);
  await writeMark(rememberedIn, `${name}.json`, mark, gid);
}

/** An operator says that another disk stands in its place now. */
export const forget = (name: string, rememberedIn: string): void =>
  rmSync(join(rememberedIn, `${name}.json`), { force: true });

/** Undefined when there is none, or nothing that we wrote. */
function readMark(file: string): Mark | undefined {
  try {
    return markSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function writeMark(folder: string, name: string, mark: Mark, gid: number | undefined): Promise<void> {
  const file = join(folder, name);
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(mark)}\n`, { mode: READABLE_BY_GROUP });
    if (gid !== undefined) {
      chownSync(`${file}.new`, -1, gid);
      chmodSync(`${file}.new`, READABLE_BY_GROUP);
    }
    renameSync(`${file}.new`, file);
    await realDisk.syncFolder(folder);
  } catch (cause) {
    throw new GatewayError(
      'E_STORE_UNAVAILABLE',
      `the mark of a store cannot be written: ${file}`,
      { file },
      { cause },
    );
  }
}
