/** Writes fixtures/pdf-output/: our own output for a few of ../shared/samples/pdf, for readers of our grammar to be tested with. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_POLICY } from '../src/policy/policy.ts';
import { pdf } from '../src/sanitize/formats/pdf/pdf.ts';
import { sharedFolder } from './pdf-corpus.ts';

/** Coarse, so that the files stay small. */
const policy = { ...DEFAULT_POLICY, version: '0', pdfDpi: 50 };
const SOURCES = [
  ['jp_noembed.pdf', 'grey-japanese.pdf'],
  ['jp_vertical.pdf', 'vertical-two-pages.pdf'],
  ['form_annots.pdf', 'colour-form.pdf'],
  ['hidden_text.pdf', 'grey-one-page.pdf'],
  ['mal_uri.pdf', 'link-removed.pdf'],
] as const;

for (const [source, target] of SOURCES) {
  const bytes = readFileSync(join(sharedFolder, 'samples/pdf', source));
  const file = { type: 'pdf', untrustedName: source, untrustedCharset: '', bytes } as const;
  const result = await pdf.convert(file, {
    policy,
    passwords: [],
    deadline: performance.now() + 60_000,
    left: { files: 0, bytes: 0, depth: 0 },
  });
  if (result.kind !== 'converted') throw new Error(`${source}: ${result.kind}`);
  const output = result.files[0]?.bytes ?? new Uint8Array();
  writeFileSync(fileURLToPath(new URL(`../fixtures/pdf-output/${target}`, import.meta.url)), output);
  console.log(target, output.length);
}
