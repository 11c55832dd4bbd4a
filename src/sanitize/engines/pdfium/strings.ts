/** Texts out of the engine and keys into it: asked for their length in bytes first, then for themselves. */
import type { PdfDocument } from './document.ts';

/** Longer texts are cut: no note, title or address that a person reads is larger. */
const MAX_TEXT_BYTES = 65_536;

type Read = (buffer: number, lengthBytes: number) => number;

/** UTF-16LE with an end mark, which `read` counts. Longer texts than 64 KiB count as empty; broken surrogates stay as they are. */
export function utf16Text(document: PdfDocument, read: Read): string {
  return textBytes(document, read, 2).toString('utf16le');
}

/** Bytes with an end mark, as Latin-1: addresses, names. */
export function byteText(document: PdfDocument, read: Read): string {
  return textBytes(document, read, 1).toString('latin1');
}

function textBytes(document: PdfDocument, read: Read, endBytes: number): Buffer {
  const { lib } = document.instance;
  const length = read(0, 0);
  if (!(length > endBytes) || length > MAX_TEXT_BYTES) return Buffer.alloc(0);
  const buffer = lib.malloc(length);
  if (buffer === 0) return Buffer.alloc(0);
  read(buffer, length);
  const bytes = Buffer.from(document.instance.bytes().subarray(buffer, buffer + length - endBytes));
  lib.free(buffer);
  return bytes;
}

/** Calls with a C string in the heap, which is gone afterwards. @param text ASCII */
export function withCString<T>(document: PdfDocument, text: string, call: (pointer: number) => T): T {
  const { instance } = document;
  const pointer = instance.lib.malloc(text.length + 1);
  instance.bytes().set(Buffer.from(`${text}\0`, 'latin1'), pointer);
  try {
    return call(pointer);
  } finally {
    instance.lib.free(pointer);
  }
}
