/** All converters. A new format is one folder, one line here, fixtures, and its grammar in inspect/. */
import type { Converter } from '../converter.ts';
import { compressedConverters } from './compressed/compressed.ts';
import { csv } from './csv/csv.ts';
import { eml } from './eml/eml.ts';
import { empty } from './empty/empty.ts';
import { finder } from './finder/finder.ts';
import { heic } from './heic/heic.ts';
import { html } from './html/html.ts';
import { image } from './image/image.ts';
import { lzh } from './lzh/lzh.ts';
import { pdf } from './pdf/pdf.ts';
import { sevenZipConverters } from './sevenzip/sevenzip.ts';
import { svg } from './svg/svg.ts';
import { tar } from './tar/tar.ts';
import { text } from './text/text.ts';
import { tiff } from './tiff/tiff.ts';
import { zip } from './zip/zip.ts';

export const converters: readonly Converter[] = [
  text,
  csv,
  html,
  image,
  heic,
  tiff,
  svg,
  pdf,
  zip,
  tar,
  lzh,
  ...compressedConverters,
  ...sevenZipConverters,
  eml,
  finder,
  empty,
];
