/**
 * Changes of a PDF by its objects: dictionaries, numbers, names, references, streams (changed as they are inflated), the cross
 * reference table and trailer, and objects that act. The table is left wrong mostly: readers rebuild it.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Random } from '../random.ts';
import { changedText, damaged, oddNumber } from './bytes.ts';

const OBJECT = /\d+ \d+ obj\b[\s\S]*?\bendobj\b/g;
const KEYS =
  '/OpenAction << /S /JavaScript /JS (app.alert(1)) >>|/AA << /O << /S /URI /URI (http://x.example.invalid) >> >>|/Type /Page|/Rotate 90|/Rotate 45|/UserUnit 10|/MediaBox [0 0 100 100]|/MediaBox [0 0 0 0]|/MediaBox [-1 -1 1e9 1e9]|/CropBox [10 10 20 20]|/Contents 1 0 R|/Annots [1 0 R]|/Parent 1 0 R|/Kids [1 0 R 1 0 R]|/Count -1|/Count 9|/Filter /FlateDecode|/Filter [/ASCIIHexDecode /FlateDecode]|/Filter /JBIG2Decode|/Filter /JPXDecode|/Filter /LZWDecode|/Filter /CCITTFaxDecode|/DecodeParms << /Predictor 15 /Columns 9 >>|/SMask 1 0 R|/Encrypt 1 0 R|/Names << /EmbeddedFiles << /Names [(a) 1 0 R] >> >>|/AcroForm << /XFA 1 0 R /Fields [] >>|/Outlines 1 0 R|/First 1 0 R|/Next 1 0 R|/Length 0|/Length 99999|/W [1 2 1]|/Index [0 9]|/Prev 9|/Root 1 0 R|/ColorSpace /DeviceCMYK|/ColorSpace [/Indexed /DeviceRGB 255 <00>]|/BitsPerComponent 16|/Width 1|/Height 100|/ToUnicode 1 0 R|/Encoding /Identity-H|/Encoding /90ms-RKSJ-V|/DescendantFonts [1 0 R]|/FontFile2 1 0 R|/Subtype /Type3|/Subtype /Form|/Subtype /Link|/Subtype /Widget|/Subtype /FileAttachment|/Group << /S /Transparency >>|/Resources << >>|/OCProperties << >>|/Metadata 1 0 R|/EF << /F 1 0 R >>|/Dests << >>|/PageLabels << >>|/StructTreeRoot 1 0 R'.split(
    '|',
  );
const OPERATORS =
  "q|Q|BT|ET|/F1 12 Tf|(text) Tj|<30423044> Tj|3 Tr|0 Tr|1 0 0 1 10 10 cm|-1 0 0 1 0 0 cm|1e9 0 0 1 0 0 cm|/Im1 Do|/Fm1 Do|0 0 100 100 re f|W n|1 1 1 rg|/P1 sh|BI /W 1 /H 1 /BPC 8 /CS /G ID x EI|/Span << /ActualText (x) >> BDC|EMC|d0|10 0 0 0 10 10 d1|' |[(a) -9999 (b)] TJ|/GS1 gs|0.1 w 0 0 m 9 9 l S".split(
    '|',
  );

type Change = (random: Random, objects: string[], other: readonly string[]) => void;

const inOne =
  (change: (random: Random, object: string) => string): Change =>
  (random, objects) => {
    if (objects.length === 0) return;
    const at = random.below(objects.length);
    objects[at] = change(random, objects[at] ?? '');
  };

/** One of the matches, replaced. */
function replaceOne(random: Random, text: string, pattern: RegExp, put: (found: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const match = random.pick(matches);
  return text.slice(0, match.index) + put(match[0]) + text.slice(match.index + match[0].length);
}

const CHANGES: readonly Change[] = [
  (random, objects) => void objects.splice(random.below(objects.length), 1),
  (random, objects) => {
    if (objects.length > 0) objects.push(random.pick(objects).replace(/^\d+/, `${1 + random.below(20)}`));
  },
  (random, objects, other) => {
    if (other.length > 0) objects.splice(random.below(objects.length + 1), random.below(2), random.pick(other));
  },
  inOne(
    (random, object) =>
      replaceOne(
        random,
        dictionaryOf(object),
        /-?\d+(?:\.\d+)?/g,
        () => `${random.oneIn(3) ? '-' : ''}${oddNumber(random)}`,
      ) + restOf(object),
  ),
  inOne(
    (random, object) =>
      replaceOne(random, dictionaryOf(object), /\d+ 0 R/g, () => `${random.below(30)} 0 R`) + restOf(object),
  ),
  inOne(
    (random, object) =>
      replaceOne(random, dictionaryOf(object), /\/[A-Za-z0-9]+/g, (name) =>
        random.oneIn(2)
          ? name.replace(/[a-z]/, (sign) => `#${sign.charCodeAt(0).toString(16)}`)
          : (/^\/\w+/.exec(random.pick(KEYS))?.[0] ?? name),
      ) + restOf(object),
  ),
  inOne((random, object) => dictionaryOf(object).replace('<<', `<< ${random.pick(KEYS)} `) + restOf(object)),
  inOne((random, object) => changedText(random, dictionaryOf(object)) + restOf(object)),
  inOne((random, object) => withStream(object, (content) => damaged(random, content, content, 3))),
  inOne((random, object) => withStream(object, (content) => operatorsPut(random, content))),
  inOne((random, object) =>
    withStream(object, (content) =>
      Buffer.from(
        replaceOne(random, content.toString('latin1'), /-?\d+(?:\.\d+)?/g, () => `${oddNumber(random)}`),
        'latin1',
      ),
    ),
  ),
];

const STREAM = /\bstream\r?\n/;

const dictionaryOf = (object: string): string => {
  const at = STREAM.exec(object)?.index;
  return at === undefined ? object : object.slice(0, at);
};
const restOf = (object: string): string => object.slice(dictionaryOf(object).length);

function operatorsPut(random: Random, content: Buffer): Buffer {
  const lines = content.toString('latin1').split('\n');
  for (let left = random.few(4); left > 0; left--) {
    lines.splice(random.below(lines.length + 1), random.below(2), random.pick(OPERATORS));
  }
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** A stream's content changed, inflated and deflated again where it is packed so; Length says the truth. */
function withStream(object: string, change: (content: Buffer) => Buffer): string {
  const match = /\bstream\r?\n([\s\S]*?)\r?\nendstream/.exec(object);
  if (match === null) return object;
  const data = Buffer.from(match[1] ?? '', 'latin1');
  const isFlate = /\/Filter\s*\[?\s*\/FlateDecode\s*\]?/.test(dictionaryOf(object));
  let content = data;
  if (isFlate) {
    try {
      content = inflateSync(data, { maxOutputLength: 1 << 20, finishFlush: 2 });
    } catch {
      return object;
    }
  }
  const changed = change(content);
  const packed = isFlate ? deflateSync(changed) : changed;
  const dictionary = dictionaryOf(object).replace(/\/Length\s+\d+(?: \d+ R)?/, `/Length ${packed.length}`);
  return `${dictionary}stream\n${packed.toString('latin1')}\nendstream\nendobj`;
}

export function changedPdf(random: Random, input: Buffer, other: Buffer): Buffer {
  if (random.oneIn(10)) return damaged(random, input, other);
  const text = input.toString('latin1');
  const objects = text.match(OBJECT) ?? [];
  if (objects.length === 0) return damaged(random, input, other);
  const from = other.toString('latin1').match(OBJECT) ?? [];
  for (let left = random.few(5); left > 0; left--) random.pick(CHANGES)(random, objects, from);
  const root = /\/Root\s+(\d+ \d+ R)/.exec(text)?.[1] ?? '1 0 R';
  const trailer = random.oneIn(10)
    ? changedText(random, `/Root ${root}`)
    : `/Root ${root}${random.oneIn(10) ? ` ${random.pick(KEYS)}` : ''}`;
  const table = random.oneIn(4) ? '' : `xref\n0 1\n0000000000 65535 f \n`;
  return Buffer.from(
    `%PDF-1.7\n${objects.join('\n')}\n${table}trailer\n<< ${trailer} /Size 99 >>\nstartxref\n${oddNumber(random)}\n%%EOF\n`,
    'latin1',
  );
}

/** With a word in a comment behind the header line, which no reader shows. */
export function withPdfComment(input: Buffer, word: string): Buffer {
  const end = input.indexOf('\n') + 1;
  const isHeader = input.toString('latin1', 0, 5) === '%PDF-' && end > 0 && end < 20;
  return isHeader ? Buffer.concat([input.subarray(0, end), Buffer.from(`% ${word}\n`), input.subarray(end)]) : input;
}
