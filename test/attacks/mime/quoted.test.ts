/** INV-07: the source of a mail, kept as a text, is no mail: no reader finds a part in what we forward of it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { attached, HEADER, mixed, through } from '../through.ts';

const SOURCE = readFileSync(new URL('../../../fixtures/text/quoted-source/source.txt', import.meta.url));
const FIELD = /^[ \t>"]*(?:content-(?:type|transfer-encoding|disposition)|mime-version)[ \t]*:/im;
const unbracketed = (text: string): string => text.replace(/-\[(Type|Version|Transfer-Encoding|Disposition)\]/g, '-$1');

test('INV-07: attached as a text, it keeps every word and is nobody’s mail', async () => {
  const mail = await through(...mixed(attached('source.txt', 'text/plain; charset=utf-8', SOURCE)));
  const text = mail.files[0]?.bytes.toString() ?? '';
  expect(text).toContain('Content-[Transfer-Encoding]: base64');
  expect(text).not.toMatch(FIELD);
  expect(unbracketed(text)).toBe(`\uFEFF${SOURCE}`);
});

test('INV-07: as the body, and in the cells of a table, likewise', async () => {
  const cells = `"a","${SOURCE.toString().replaceAll('"', '""')}"\r\n"${SOURCE.toString().replaceAll('"', '""')}","b"\r\n`;
  const mail = await through(
    ...HEADER,
    'Content-Type: multipart/mixed; boundary="outer"',
    '',
    '--outer',
    'Content-Type: text/plain; charset=utf-8',
    '',
    SOURCE.toString('latin1').trimEnd(),
    '--outer',
    ...attached('table.csv', 'text/csv; charset=utf-8', cells),
    '--outer--',
  );
  const table = mail.files[0]?.bytes.toString() ?? '';
  for (const text of [mail.text, table]) {
    expect(text).toContain('参照してください');
    expect(text).not.toMatch(FIELD);
    expect(unbracketed(text)).toContain('Content-Type: multipart/mixed; boundary=inner');
  }
});

test('INV-07 twin: a text about such fields goes on word for word', async () => {
  const text = 'Please set the field Content-Type: text/html.\r\nX-Content-Type-Options: nosniff\r\n';
  const mail = await through(...mixed(attached('memo.txt', 'text/plain', text)));
  expect(mail.files[0]?.bytes.toString()).toBe(`\uFEFF${text}`);
});
