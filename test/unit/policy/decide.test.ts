/** Why a file of each type is held when no converter takes it; a new type needs its line here. */
import { expect, test } from 'vitest';
import { type Family, FILE_TYPES, type FileType } from '../../../src/message/file-type.ts';
import { blockReason, isNeverConverted } from '../../../src/policy/decide.ts';

const REASONS: Readonly<Record<string, readonly string[]>> = {
  executable: ['pe', 'elf', 'macho', 'java-class', 'jar', 'msi', 'swf', 'chm'],
  script: ['lnk', 'script'],
  macro: ['ooxml-macro'],
  archive: ['zip', 'rar', '7z', 'tar', 'gzip', 'bzip2', 'xz', 'lzh', 'cab', 'iso'],
  'nested-mail': ['eml', 'msg', 'tnef'],
  media: ['audio', 'video'],
  'signed-data': ['pkcs7'],
  encrypted: ['pgp'],
};

test.each(Object.entries(REASONS))('%s', (reason, types) => {
  const known = types.filter((type): type is FileType => type in FILE_TYPES);
  expect(known).toEqual(types);
  expect(known.map(blockReason)).toEqual(known.map(() => reason));
});

/** What a reader of the notice is told about a file of each family; single types that are told more stand below. */
const BY_FAMILY: Readonly<Record<Family, string>> = {
  document: 'unsupported-type',
  image: 'unsupported-image',
  text: 'unsupported-type',
  office: 'office',
  archive: 'archive',
  mail: 'nested-mail',
  executable: 'executable',
  script: 'script',
  media: 'media',
  encrypted: 'encrypted',
  other: 'unsupported-type',
};
const TOLD_MORE: Readonly<Partial<Record<FileType, string>>> = {
  'ooxml-macro': 'macro',
  volume: 'fragment',
  pkcs7: 'signed-data',
};

test.each(Object.entries(FILE_TYPES) as [FileType, Family][])('%s, of family %s, has its reason', (type, family) => {
  expect(blockReason(type)).toBe(TOLD_MORE[type] ?? BY_FAMILY[family]);
});

test('no converter may exist for what runs', () => {
  const never = (Object.keys(FILE_TYPES) as FileType[]).filter(isNeverConverted);
  expect(never.sort()).toEqual([...(REASONS['executable'] ?? []), ...(REASONS['script'] ?? [])].sort());
});
