/**
 * Second and third opinion on bytes that our own table does not know: file-type and libmagic (WASM, one instance a document).
 *
 * Such a file is blocked in any case; an opinion can only name it better («sound or video», «a program»). Both are loaded
 * when first needed: about 100 ms of CPU each, which an ordinary mail must not pay.
 */
import type { FileType } from '../../message/file-type.ts';

/** Media types, by what they begin with, that tell the reader more than «unknown». The stricter stand first. */
const BY_MEDIA_TYPE: readonly (readonly [RegExp, FileType])[] = [
  [/^application\/(?:x-dosexec|x-msdownload|vnd\.microsoft\.portable-executable|x-dos-executable|x-sharedlib)/, 'pe'],
  [/^application\/(?:x-elf|x-executable|x-pie-executable|x-object)/, 'elf'],
  [/^application\/x-mach/, 'macho'],
  [/^application\/(?:java-archive|vnd\.android\.package|x-deb|x-rpm|vnd\.debian)/, 'jar'],
  [/^application\/x-java/, 'java-class'],
  [/^application\/(?:x-ms-shortcut|x\.ms\.shortcut)/, 'lnk'],
  [/^application\/(?:x-apple-diskimage|x-iso|x-virtualbox|x-qemu)/, 'iso'],
  [/^audio\//, 'audio'],
  [/^video\//, 'video'],
  [/^(?:font\/|application\/(?:vnd\.ms-fontobject|font))/, 'font'],
];

/** undefined when neither says more. Never throws: an opinion that cannot be had is none. */
export async function opinion(bytes: Uint8Array): Promise<FileType | undefined> {
  const said = [await fileTypeSays(bytes), await libmagicSays(bytes)];
  return BY_MEDIA_TYPE.find(([pattern]) => said.some((mediaType) => pattern.test(mediaType)))?.[1];
}

/** Their tables look at the first kilobytes; the rest of a large file only costs time. */
const LOOKED_AT = 256 * 1024;

async function fileTypeSays(bytes: Uint8Array): Promise<string> {
  try {
    const { fileTypeFromBuffer } = await import('file-type');
    return (await fileTypeFromBuffer(bytes.subarray(0, LOOKED_AT)))?.mime ?? '';
  } catch {
    // Truncated or hostile input makes it throw; ours is the table that decides.
    return '';
  }
}

async function libmagicSays(bytes: Uint8Array): Promise<string> {
  try {
    const { WASMagic } = await import('wasmagic');
    const magic = await WASMagic.create();
    return magic.detect(bytes.slice(0, LOOKED_AT));
  } catch {
    return '';
  }
}
