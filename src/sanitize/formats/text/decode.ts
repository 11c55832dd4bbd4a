/** Charset of a file: its own mark before anybody's label (WHATWG Encoding §6 «decode»: the byte order mark wins). */
import { type DecodedText, decodeText } from '../../charset/decode.ts';

/** @param untrustedLabel charset of the MIME part or of the page's meta element, '' when there is none */
export function decodeFile(bytes: Uint8Array, untrustedLabel: string): DecodedText {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeText(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeText(bytes, 'utf-16be');
  return decodeText(bytes, untrustedLabel);
}
