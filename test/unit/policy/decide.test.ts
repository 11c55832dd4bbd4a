/** Why a file of each type is held when no converter takes it; a new type needs its line here. */
import { expect, test } from 'vitest';
import { FILE_TYPES, type FileType } from '../../../src/message/file-type.ts';
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

test('every type has a reason, and families keep theirs', () => {
  const byFamily = { office: ['office', 'macro'], image: ['unsupported-image'] } as const;
  for (const [type, family] of Object.entries(FILE_TYPES) as [FileType, string][]) {
    expect(blockReason(type)).toBeTruthy();
    if (family in byFamily) expect(byFamily[family as keyof typeof byFamily]).toContain(blockReason(type));
  }
});

test('A05–A11 no converter may exist for what runs', () => {
  const never = (Object.keys(FILE_TYPES) as FileType[]).filter(isNeverConverted);
  expect(never.sort()).toEqual([...(REASONS['executable'] ?? []), ...(REASONS['script'] ?? [])].sort());
});
