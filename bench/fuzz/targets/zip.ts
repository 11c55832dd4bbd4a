/** ZIP archives: directory, names, our own inflate, files in them, bundles of ours. */

import { rawZip } from '../../../test/kit/zip-raw.ts';
import { throughAttachment } from '../attached.ts';
import { changedZip, withComment } from '../mutate/zip.ts';
import { corpusFiles } from '../seeds.ts';
import type { Target } from '../target.ts';

const MAX_BYTES = 4096;

const OWN = [
  rawZip([
    { name: 'a.txt', content: 'text\r\n' },
    { name: 'a/b.csv', content: 'a,b\r\n1,2\r\n', method: 8 },
    { name: '資料.txt', content: '日本語\r\n'.repeat(30), method: 8, flags: 0x800 },
  ]),
  rawZip([{ name: 'in.zip', content: rawZip([{ name: 'x.txt', content: 'x' }]), method: 8 }]),
  rawZip(Array.from({ length: 14 }, (_, i) => ({ name: `${i % 3}/${i}.txt`, content: `${i}\r\n`, method: 8 }))),
];

export const zip: Target = {
  name: 'zip',
  rooms:
    /^(?:sanitize\/(?:formats\/zip\/|engines\/inflate|archive|bundle|names|detect\/zip|charset\/entry-names)|inspect\/(?:zip|path))/,
  isText: false,
  dearMs: 10,
  slowMs: 2000,
  hungMs: 20_000,
  wanted: 200_000,
  seeds: async (shared) => [
    ...OWN,
    ...corpusFiles(shared, /^archive/, MAX_BYTES).filter((file) => file.includes('PK\x05\x06', 0, 'latin1')),
  ],
  mutate: changedZip,
  execute: (input, scrutiny) =>
    throughAttachment(input, scrutiny, {
      name: 'a.zip',
      types: /^(?:zip|jar|docx|xlsx|pptx|ooxml-macro|od[tsp]|xps)$/,
      plant: withComment,
    }),
};
