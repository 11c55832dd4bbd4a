/**
 * Identifiers. All are made here: 10 characters of time, 16 of chance, Crockford base32 (the shape of a ULID),
 * so they sort by creation and never come from outside.
 */
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** A fresh id of 26 characters. @param nowMs Unix time in milliseconds. */
export function newId(nowMs: number = Date.now()): string {
  let time = '';
  let rest = nowMs;
  for (let i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let chance = '';
  // One byte a character, its low five bits: uniform, since 256 is a multiple of 32.
  for (const byte of randomBytes(16)) chance += ALPHABET[byte & 31];
  return time + chance;
}

/** True for a string that `newId` could have made. Ids become file names, so everything that reads one checks. */
export const isId = (text: string): boolean => ID.test(text);
