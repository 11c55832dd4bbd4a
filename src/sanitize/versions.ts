/** Versions named in reports. Written out: the jail cannot read package.json; a test compares the two. */
export const GATEWAY_VERSION = '0.1.0';

/** Libraries that read what strangers sent. */
export const ENGINE_VERSIONS: Readonly<Record<string, string>> = {
  mailparser: '3.9.31',
  parse5: '8.1.1',
  '@embedpdf/pdfium': '2.15.1',
  '@jsquash/jpeg': '1.6.0',
  '@jsquash/png': '3.1.1',
  '@imagemagick/magick-wasm': '0.0.43',
  '@resvg/resvg-wasm': '2.6.2',
  '7z-wasm': '1.2.0',
  sharp: '0.35.5',
  'file-type': '22.3.0',
  wasmagic: '1.0.10',
};
