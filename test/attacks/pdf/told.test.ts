/** What a PDF held beside its pages, as the notice of a mail and its report tell it (threats.tsv P10, P13, P14). */
import { expect, test } from 'vitest';
import { onePage } from '../../unit/pdf/documents.ts';
import { attached, mixed, noticeLine, through } from '../through.ts';

const TEXT = 'BT /F1 20 Tf 100 700 Td (www.city.lg.jp) Tj ET';
const LINK = '<< /Type /Annot /Subtype /Link /Rect [95 690 320 725] /A << /S /URI /URI (http://evil.example/) >> >>';
const SIGNED = [
  '<< /Type /Annot /Subtype /Widget /FT /Sig /T (s) /Rect [0 0 0 0] /V 7 0 R >>',
  '<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /Contents <00> /ByteRange [0 1 2 3] >>',
  '<< /Type /Filespec /F (list.csv) /EF << /F 9 0 R >> >>',
  '<< /Type /EmbeddedFile /Length 6 >>\nstream\na,b\r\nc\nendstream',
  '<< /Type /Filespec /F (a.exe) /EF << /F 11 0 R >> >>',
  '<< /Type /EmbeddedFile /Length 4 >>\nstream\nMZ\x90\x00\nendstream',
];
const CATALOG =
  '/AcroForm << /Fields [6 0 R] /SigFlags 3 >> /Names << /EmbeddedFiles << /Names [(a) 8 0 R (b) 10 0 R] >> >>';

const mailed = (pdf: Buffer) => through(...mixed(attached('申請書.pdf', 'application/pdf', pdf)));

test('P10 P13 P14 links, signature and files of a PDF are told and go their way through the gate', async () => {
  const mail = await mailed(onePage(TEXT, `/Annots [6 0 R ${LINK}]`, CATALOG, SIGNED));
  expect(mail.report.attachments.map(({ path }) => path)).toEqual(['2', '2/1', '2/2']);
  expect(mail.files.map(({ name }) => name)).toEqual(['申請書.pdf', 'list.csv']);
  expect(noticeLine(mail, '申請書.pdf > a.exe')).toContain('お渡しできません');
  expect(mail.text).toContain('添付ファイルの電子署名 1個');
  expect(mail.text).toContain('添付ファイルの中のリンク 1件');
  expect(mail.text).toContain('注意が必要なリンクが1件');
  expect(mail.report.attachments[0]?.links?.[0]?.suspicion).toEqual(['text-differs']);
});

test('benign twin: a PDF of text is told in one line', async () => {
  const mail = await mailed(onePage(TEXT));
  expect(mail.report.attachments).toHaveLength(1);
  expect(mail.text).not.toMatch(/署名|リンク/);
});
