/** Which reason blocks a file that no converter takes. Pure: type in, reason out; never a permission. */
import { FILE_TYPES, type FileType } from '../message/file-type.ts';
import type { BlockReason } from '../message/outcome.ts';

/** Families that no converter may ever take, whatever the registry says: threats.tsv A05–A11. */
const NEVER: ReadonlySet<string> = new Set(['executable', 'script']);

/** True when a converter for this type must not exist. The registry refuses to load with one. */
export const isNeverConverted = (type: FileType): boolean => NEVER.has(FILE_TYPES[type]);

/** Reason for a file of this type when nothing converts it. */
export function blockReason(type: FileType): BlockReason {
  switch (FILE_TYPES[type]) {
    case 'executable':
      return 'executable';
    case 'script':
      return 'script';
    case 'office':
      return type === 'ooxml-macro' ? 'macro' : 'office';
    case 'archive':
      return type === 'volume' ? 'fragment' : 'archive';
    case 'mail':
      return 'nested-mail';
    case 'media':
      return 'media';
    case 'encrypted':
      return type === 'pkcs7' ? 'signed-data' : 'encrypted';
    case 'image':
      return 'unsupported-image';
    default:
      return 'unsupported-type';
  }
}
