/**
 * Text of any charset → UTF-8 text. Also what is text underneath: XML, calendar entries, address cards.
 *
 * Danger: charsets that readers understand differently, controls and bidi controls, uuencoded files, links that act.
 * Method: decoded once, the text rules applied, written anew. Kept: the visible text and its lines.
 * Lost: charset, invisible characters, clickable links, embedded encoded files.
 */
import { safeText } from '../../body/safe-text.ts';
import { blocked, type Converter } from '../../converter.ts';
import { stemOf } from '../../names.ts';
import { decodeFile } from './decode.ts';
import { textFile } from './write.ts';

/** More unreadable characters than one in twenty: the charset is not known, and what is shown would be noise. */
const MAX_UNREADABLE = 0.05;

export const text: Converter = {
  name: 'text',
  accepts: ['text', 'xml', 'calendar', 'vcard'],
  documentation: {
    danger: 'ambiguous charsets, control and bidi characters, uuencoded files, links that start programs',
    method: 'decoded, cleaned by the text rules, written as UTF-8 with byte order mark and CRLF',
    kept: 'all visible characters, line structure',
    lost: 'original charset, invisible characters, clickable links, encoded files inside the text',
  },

  async convert(file, { policy }) {
    const decoded = decodeFile(file.bytes, file.untrustedCharset);
    if (decoded.replaced > decoded.text.length * MAX_UNREADABLE) {
      return blocked('encoding-unknown', `${decoded.replaced} of ${decoded.text.length} characters unreadable`);
    }
    const safe = safeText(decoded.text, policy.links);
    const outcome = file.type === 'text' ? 'rebuilt' : 'text';
    return {
      kind: 'converted',
      outcome,
      files: [textFile(safe.text, stemOf(file.untrustedName))],
      removed: safe.removed,
    };
  },
};
