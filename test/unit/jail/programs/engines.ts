/** Starts what sanitize/ needs of the machine: native code, a large WebAssembly module, generated code. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { init } from '@embedpdf/pdfium';
import sharp from 'sharp';
import { muteConsole, serve } from '../../../../src/jail/serve.ts';

muteConsole();
const require = createRequire(import.meta.url);

await serve(async () => {
  const working: string[] = [];
  const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  if (jpeg[0] === 0xff) working.push('sharp');
  const pdfium = await init({ wasmBinary: readFileSync(require.resolve('@embedpdf/pdfium/pdfium.wasm')).buffer });
  pdfium.PDFiumExt_Init();
  working.push('pdfium');
  new WebAssembly.Module(readFileSync(require.resolve('@imagemagick/magick-wasm/magick.wasm')));
  working.push('magick');
  const preview = { version: 1, textBefore: '', textAfter: working.join(' '), hiddenText: '' };
  return { body: { kind: 'message', report: {}, preview }, blobs: [new Uint8Array()] };
});
