/** What a file can be found to be, by its bytes, and what kind of thing that is. */

export type Family =
  | 'document'
  | 'image'
  | 'text'
  | 'office'
  | 'archive'
  | 'mail'
  | 'executable'
  | 'script'
  | 'media'
  | 'encrypted'
  | 'other';

/** Every type `detect` may answer. A type without a converter is blocked by its family's reason. */
export const FILE_TYPES = {
  pdf: 'document',
  jpeg: 'image',
  png: 'image',
  gif: 'image',
  webp: 'image',
  bmp: 'image',
  tiff: 'image',
  heic: 'image',
  svg: 'image',
  emf: 'image',
  wmf: 'image',
  psd: 'image',
  ico: 'image',
  jp2: 'image',
  jxl: 'image',
  icns: 'image',
  text: 'text',
  csv: 'text',
  html: 'text',
  xml: 'text',
  rtf: 'office',
  docx: 'office',
  xlsx: 'office',
  pptx: 'office',
  'ooxml-macro': 'office',
  doc: 'office',
  xls: 'office',
  ppt: 'office',
  cfb: 'office',
  odt: 'office',
  ods: 'office',
  odp: 'office',
  jtd: 'office',
  onenote: 'office',
  xps: 'office',
  'office-encrypted': 'encrypted',
  zip: 'archive',
  '7z': 'archive',
  rar: 'archive',
  tar: 'archive',
  gzip: 'archive',
  bzip2: 'archive',
  xz: 'archive',
  compress: 'archive',
  lzma: 'archive',
  zstd: 'archive',
  'archive-other': 'archive',
  volume: 'archive',
  lzh: 'archive',
  cab: 'archive',
  iso: 'archive',
  eml: 'mail',
  msg: 'mail',
  tnef: 'mail',
  pkcs7: 'encrypted',
  pgp: 'encrypted',
  pe: 'executable',
  elf: 'executable',
  macho: 'executable',
  'java-class': 'executable',
  jar: 'executable',
  msi: 'executable',
  swf: 'executable',
  chm: 'executable',
  lnk: 'script',
  script: 'script',
  audio: 'media',
  video: 'media',
  font: 'other',
  database: 'other',
  cad: 'other',
  calendar: 'text',
  vcard: 'text',
  'finder-data': 'other',
  empty: 'other',
  unknown: 'other',
} as const satisfies Record<string, Family>;

export type FileType = keyof typeof FILE_TYPES;

/** The kinds of file we write. Content-Type, extension and writer are tied together (INV-05). */
export const SAFE_TYPES = {
  pdf: { mediaType: 'application/pdf', extension: 'pdf' },
  png: { mediaType: 'image/png', extension: 'png' },
  jpeg: { mediaType: 'image/jpeg', extension: 'jpg' },
  csv: { mediaType: 'text/csv', extension: 'csv' },
  text: { mediaType: 'text/plain', extension: 'txt' },
  zip: { mediaType: 'application/zip', extension: 'zip' },
} as const satisfies Record<string, { mediaType: string; extension: string }>;

export type SafeType = keyof typeof SAFE_TYPES;
