/**
 * Text files that we write: UTF-8 with a byte order mark, CRLF. The mark because Excel, old Notepad and most groupware
 * viewers in Japan still take unmarked text for CP932.
 */
import { crlf } from '../../body/safe-text.ts';
import { built, type SafeFile } from '../../converter.ts';

/** @param safe text that went through safeText. */
export const textFile = (safe: string, untrustedStem: string): SafeFile => ({
  type: 'text',
  untrustedStem,
  bytes: built(new TextEncoder().encode(`\uFEFF${crlf(safe)}`)),
});
