/**
 * HTML file → text.
 *
 * Danger: scripts, forms that phish, files assembled by script (HTML smuggling), remote content. Method: the walker of
 * body/ turns it into text. Kept: visible text, lists, simple tables, link targets as inert text. Lost: everything else.
 */
import { renderBody } from '../../body/render.ts';
import { blocked, type Converter } from '../../converter.ts';
import { stemOf } from '../../names.ts';
import { decodeFile } from '../text/decode.ts';
import { textFile } from '../text/write.ts';

/** WHATWG HTML §13.2.3.2: a meta charset counts within the first 1,024 bytes. */
const META = /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})/i;

export const html: Converter = {
  name: 'html',
  accepts: ['html'],
  documentation: {
    danger: 'scripts, forms, files assembled by script, remote content, hidden text',
    method: 'parsed as browsers do, visible text written anew as UTF-8 text',
    kept: 'visible text, lists, simple tables, link targets as text that cannot be clicked',
    lost: 'layout, colours, pictures, scripts, forms, styles',
  },

  async convert(file, { policy }) {
    const head = Buffer.from(file.bytes.subarray(0, 1024)).toString('latin1');
    const label = file.untrustedCharset === '' ? (META.exec(head)?.[1] ?? '') : file.untrustedCharset;
    const decoded = decodeFile(file.bytes, label);
    const body = renderBody({ html: decoded.text }, policy);
    if (body.text.trim() === '') return blocked('script', 'no visible text in an HTML file');
    return {
      kind: 'converted',
      outcome: 'text',
      files: [textFile(body.text, stemOf(file.untrustedName))],
      removed: body.removed,
    };
  },
};
