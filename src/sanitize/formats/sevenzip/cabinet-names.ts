/**
 * Names of a cabinet's files as their bytes say (MS-CAB §2.4), for 7-Zip takes every name for UTF-8.
 *
 * Danger: a name read otherwise than by the engine could belong to another file. Method: names are taken only when there are
 * as many as files, in the same order, with the same sizes and the same ASCII letters; else 7-Zip's stay.
 */
import { charsetOfNames, decodeName } from '../../charset/entry-names.ts';
import { uint16, uint32 } from '../../detect/magic.ts';

/** What the engine says of each file, folders left out. */
export interface Told {
  readonly untrustedName: string;
  readonly bytes: number | undefined;
}

interface RawName {
  readonly raw: Uint8Array;
  readonly bytes: number;
  readonly isUtf8: boolean;
}

const [FILES_AT, COUNT_AT, ENTRY_BYTES] = [16, 28, 16] as const;
/** _A_NAME_IS_UTF. */
const NAME_IS_UTF8 = 0x80;
/** §2.4: 255 bytes and a NUL. */
const MAX_NAME = 256;

/** One name a file, in order; undefined when the cabinet is not as the engine says. Never throws. */
export function cabinetNames(bytes: Uint8Array, told: readonly Told[]): readonly string[] | undefined {
  const names = rawNames(bytes);
  if (names === undefined || names.length !== told.length) return undefined;
  if (!names.every((name, i) => agrees(name, told[i]))) return undefined;
  const charset = charsetOfNames(
    names.filter(({ isUtf8 }) => !isUtf8).map(({ raw }) => raw),
    false,
  );
  return names.map(({ raw, isUtf8 }) => decodeName(raw, isUtf8 ? 'utf-8' : charset).replaceAll('\\', '/'));
}

function rawNames(bytes: Uint8Array): readonly RawName[] | undefined {
  const names: RawName[] = [];
  let at = uint32(bytes, FILES_AT);
  for (let left = uint16(bytes, COUNT_AT); left > 0; left--) {
    const start = at + ENTRY_BYTES;
    const end = bytes.subarray(start, start + MAX_NAME + 1).indexOf(0);
    if (end < 0) return undefined;
    const isUtf8 = (uint16(bytes, at + 14) & NAME_IS_UTF8) !== 0;
    names.push({ raw: bytes.subarray(start, start + end), bytes: uint32(bytes, at), isUtf8 });
    at = start + end + 1;
  }
  return names;
}

const agrees = ({ raw, bytes }: RawName, told: Told | undefined): boolean =>
  told !== undefined &&
  told.bytes === bytes &&
  asciiOf(Buffer.from(raw).toString('latin1')) === asciiOf(told.untrustedName);

/** The engine writes separators and controls otherwise, and bytes above ASCII as it likes. */
const asciiOf = (name: string): string => name.replace(/[^\x21-\x7e]|[\\/_:]/g, '');
