/**
 * What a compound file (MS-CFB) is, by the names in its directory: old Office documents, Outlook messages, installers,
 * encrypted packages, Ichitaro. Streams are not opened. The walk is bounded by the file's own length.
 */
import type { FileType } from '../../message/file-type.ts';
import { latin1, uint16, uint32 } from './magic.ts';

export const CFB_MAGIC = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1';

/** Entries looked at; a presentation has about a hundred. */
const MAX_ENTRIES = 8192;
/** MS-CFB §2.1: greater values are markers, not sectors. */
const MAX_SECTOR = 0xfffffffa;
/** {000C1084-0000-0000-C000-000000000046} and its siblings 1082 (transform), 1086 (patch): Windows Installer. */
const INSTALLER = /^[\x82\x84\x86]\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F$/;

export function cfbType(bytes: Uint8Array): FileType {
  const { names, rootClass } = directory(bytes);
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  if (INSTALLER.test(rootClass) || has(/^\u4840/)) return 'msi';
  if (has(/^EncryptedPackage$/i)) return 'office-encrypted';
  // Macros beside any document; msg first asks nothing: an attached document's storages are in the same directory.
  if (has(/^__properties_version1\.0$/i)) return 'msg';
  if (has(/^(?:_VBA_PROJECT|_VBA_PROJECT_CUR|VBA|Macros)$/i)) return 'ooxml-macro';
  if (has(/^WordDocument$/i)) return 'doc';
  if (has(/^(?:Workbook|Book)$/i)) return 'xls';
  if (has(/^PowerPoint Document$/i)) return 'ppt';
  if (has(/^(?:JSRV_|JTD|DocumentText$|TextLayout)/i)) return 'jtd';
  return 'cfb';
}

interface Directory {
  readonly names: readonly string[];
  /** CLSID of the root entry, 16 characters of Latin-1. */
  readonly rootClass: string;
}

function directory(bytes: Uint8Array): Directory {
  const shift = uint16(bytes, 30);
  if (shift !== 9 && shift !== 12) return { names: [], rootClass: '' };
  const size = 1 << shift;
  const fat = fatSectors(bytes, size);
  const names: string[] = [];
  let rootClass = '';
  const seen = new Set<number>();
  for (
    let sector = uint32(bytes, 48);
    sector < MAX_SECTOR && !seen.has(sector);
    sector = nextSector(bytes, fat, sector, size)
  ) {
    seen.add(sector);
    const start = (sector + 1) * size;
    if (names.length > MAX_ENTRIES) break;
    // Behind the end of the file zeroes are read: entries without a name, and no class.
    for (let at = start; at < start + size; at += 128) {
      const length = Math.min(uint16(bytes, at + 64), 64);
      if (bytes[at + 66] === 5) rootClass = latin1(bytes, at + 80, 16);
      if (length > 2) names.push(Buffer.from(bytes.subarray(at, at + length - 2)).toString('utf16le'));
    }
  }
  return { names, rootClass };
}

/** Sectors of the FAT: 109 in the header, more in the DIFAT chain. */
function fatSectors(bytes: Uint8Array, size: number): readonly number[] {
  const sectors: number[] = [];
  for (let i = 0; i < 109; i++) sectors.push(uint32(bytes, 76 + i * 4));
  const seen = new Set<number>();
  for (let difat = uint32(bytes, 68); difat < MAX_SECTOR && !seen.has(difat); ) {
    seen.add(difat);
    const start = (difat + 1) * size;
    for (let at = start; at < start + size - 4; at += 4) sectors.push(uint32(bytes, at));
    difat = uint32(bytes, start + size - 4);
  }
  return sectors;
}

function nextSector(bytes: Uint8Array, fat: readonly number[], sector: number, size: number): number {
  const perSector = size / 4;
  const fatSector = fat[Math.floor(sector / perSector)] ?? MAX_SECTOR;
  return uint32(bytes, (fatSector + 1) * size + (sector % perSector) * 4);
}
