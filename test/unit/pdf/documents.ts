/** PDFs written by hand for the tests, and a reader of our own output that knows our grammar only. */
import { inflateSync } from 'node:zlib';
import { DEFAULT_POLICY, type Policy } from '../../../src/policy/policy.ts';
import type { Conversion, ConvertContext } from '../../../src/sanitize/converter.ts';
import { pdf } from '../../../src/sanitize/formats/pdf/pdf.ts';

/** Objects 1, 2, 3 … as they stand here, a plain cross-reference table, catalog first. */
export function pdfOf(objects: readonly string[], trailer = ''): Buffer {
  let text = '%PDF-1.7\n';
  const offsets = objects.map((object, i) => {
    const offset = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${Buffer.byteLength(text, 'latin1')}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/** One A4 page with this content stream; `catalog` and `page` are further dictionary entries; Helvetica is /F1. */
export function onePage(content: string, page = '', catalog = '', more: readonly string[] = []): Buffer {
  return pdfOf([
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R ${page} >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...more,
  ]);
}

export interface ConvertOptions {
  readonly passwords?: readonly string[];
  readonly limits?: Partial<Policy['limits']>;
  readonly dpi?: number;
  readonly deadline?: number;
}

export function convert(bytes: Uint8Array, options: ConvertOptions = {}): Promise<Conversion> {
  const limits = { ...DEFAULT_POLICY.limits, ...options.limits };
  const context: ConvertContext = {
    policy: { ...DEFAULT_POLICY, version: '0', pdfDpi: options.dpi ?? 72, limits },
    passwords: options.passwords ?? [],
    left: { files: 0, bytes: 0, depth: 0 },
    deadline: options.deadline ?? performance.now() + 60_000,
  };
  return pdf.convert({ type: 'pdf', untrustedName: 'a.pdf', untrustedCharset: '', bytes }, context);
}

/** The rebuilt file. @throws Error when it was not rebuilt. */
export async function rebuilt(bytes: Uint8Array, options: ConvertOptions = {}): Promise<Buffer> {
  const result = await convert(bytes, options);
  if (result.kind !== 'converted') throw new Error(`${result.kind}: ${result.detail}`);
  return Buffer.from(result.files[0]?.bytes ?? []);
}

export interface ShownRun {
  readonly font: string;
  readonly matrix: readonly number[];
  readonly text: string;
}

/** The text runs of every page of a file of ours, in order. */
export function runsIn(output: Buffer): readonly (readonly ShownRun[])[] {
  const maps = new Map([
    ['H', unicodeOf(output, 7)],
    ['V', unicodeOf(output, 10)],
  ]);
  const pages: ShownRun[][] = [];
  const count = Number(/\/Type \/Pages .*\/Count (\d+) >>/.exec(output.toString('latin1'))?.[1]);
  for (let number = 12; number < 12 + 3 * count; number += 3) {
    const runs: ShownRun[] = [];
    let font = '';
    let matrix: readonly number[] = [];
    for (const line of streamOf(output, number).toString('latin1').split('\n')) {
      font = /^\/([HV]) 1 Tf$/.exec(line)?.[1] ?? font;
      if (line.endsWith(' Tm')) matrix = line.split(' ').slice(0, 6).map(Number);
      const shown = /^<([0-9A-F]+)> Tj$/.exec(line)?.[1];
      if (shown === undefined) continue;
      const text = (shown.match(/.{4}/g) ?? []).map((cid) => maps.get(font)?.get(cid) ?? '?').join('');
      runs.push({ font, matrix, text });
    }
    pages.push(runs);
  }
  return pages;
}

export const textOf = (output: Buffer): string =>
  runsIn(output)
    .flat()
    .map((run) => run.text)
    .join('|');

export function streamOf(output: Buffer, number: number): Buffer {
  const start = output.indexOf(`\n${number} 0 obj\n`);
  const length = Number(/\/Length (\d+) >>/.exec(output.toString('latin1', start, start + 400))?.[1]);
  const data = output.indexOf('stream\n', start) + 7;
  return inflateSync(output.subarray(data, data + length));
}

function unicodeOf(output: Buffer, number: number): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [, cid = '', hex = ''] of streamOf(output, number)
    .toString('latin1')
    .matchAll(/^<(\w{4})> <(\w+)>$/gm)) {
    if (cid !== '0000') map.set(cid, Buffer.from(hex, 'hex').swap16().toString('utf16le'));
  }
  return map;
}
