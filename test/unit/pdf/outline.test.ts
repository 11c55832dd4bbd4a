/** Bookmarks: titles and places survive, everything they did beside that does not. */
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { outlineValues } from '../../../src/sanitize/formats/pdf/outline.ts';
import { pdfOf, rebuilt } from './documents.ts';

const PAGE = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 400] >>';
const hex = (text: string): string => `<FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase()}>`;

/** Two pages, objects 3 and 4; object 5 is the outline, its items follow. */
const withBookmarks = (root: string, ...items: readonly string[]): Buffer =>
  pdfOf([
    '<< /Type /Catalog /Pages 2 0 R /Outlines 5 0 R >>',
    '<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>',
    PAGE,
    PAGE,
    root,
    ...items,
  ]);

/** The outline's objects as we wrote them, `inspectFile` agreeing. */
async function outlineIn(bytes: Buffer): Promise<readonly string[]> {
  const output = await rebuilt(bytes);
  expect(await inspectFile('pdf', output)).toEqual([]);
  const text = output.toString('latin1');
  if (!text.includes('/Outlines')) return [];
  return [...text.matchAll(/^\d+ 0 obj\n(<< \/(?:Title|Type \/Outlines).*)\nendobj$/gm)].map(([, value = '']) => value);
}

test('titles, tree and places are kept', async () => {
  const values = await outlineIn(
    withBookmarks(
      '<< /Type /Outlines /First 6 0 R /Last 8 0 R /Count 3 >>',
      `<< /Title ${hex('第1章 総則')} /Parent 5 0 R /Next 8 0 R /First 7 0 R /Last 7 0 R /Count 1 /Dest [3 0 R /XYZ 10 300 2] >>`,
      `<< /Title (a \\(b\\)) /Parent 6 0 R /A << /S /GoTo /D [4 0 R /FitH 100] >> >>`,
      `<< /Title ${hex('附則')} /Parent 5 0 R /Prev 6 0 R /Dest [4 0 R /Fit] >>`,
    ),
  );
  expect(values).toEqual([
    '<< /Type /Outlines /First 18 0 R /Last 20 0 R /Count 2 >>',
    `<< /Title ${hex('第1章 総則')} /Parent 17 0 R /Next 20 0 R /First 19 0 R /Last 19 0 R /Count -1 /Dest [11 0 R /XYZ null 300 null] >>`,
    `<< /Title ${hex('a (b)')} /Parent 18 0 R /Dest [14 0 R /XYZ null 400 null] >>`,
    `<< /Title ${hex('附則')} /Parent 17 0 R /Prev 18 0 R /Dest [14 0 R /XYZ null 400 null] >>`,
  ]);
});

test('P13 what a bookmark does beside leading to a page is gone, its title stays', async () => {
  const actions = [
    '/S /URI /URI (http://evil.example/)',
    '/S /JavaScript /JS (app.alert\\(1\\))',
    '/S /Launch /F (calc.exe)',
    '/S /GoToR /F (\\\\\\\\evil\\\\share) /D [0 /Fit]',
  ];
  const items = actions.map((action, i) => {
    const next = i + 1 < actions.length ? `/Next ${7 + i} 0 R` : '';
    return `<< /Title (item ${i}) /Parent 5 0 R ${next} /A << ${action} >> >>`;
  });
  const values = await outlineIn(withBookmarks('<< /First 6 0 R /Last 9 0 R /Count 4 >>', ...items));
  expect(values).toHaveLength(5);
  for (const value of values) expect(value).not.toMatch(/Dest|\/A /);
});

test('P16 bookmarks in a loop end', async () => {
  const values = await outlineIn(
    withBookmarks(
      '<< /First 6 0 R /Last 7 0 R /Count 2 >>',
      '<< /Title (one) /Parent 5 0 R /Next 7 0 R /First 6 0 R /Last 6 0 R >>',
      '<< /Title (two) /Parent 5 0 R /Prev 6 0 R /Next 6 0 R /First 7 0 R >>',
    ),
  );
  expect(values).toHaveLength(3);
});

test('P16 more bookmarks than anyone reads, and deeper, are cut', async () => {
  const many = Array.from(
    { length: 2100 },
    (_, i) => `<< /Title (${i}) /Parent 5 0 R ${i < 2099 ? `/Next ${7 + i} 0 R` : ''} >>`,
  );
  expect(await outlineIn(withBookmarks('<< /First 6 0 R /Last 2105 0 R /Count 2100 >>', ...many))).toHaveLength(2001);
  const deep = Array.from(
    { length: 30 },
    (_, i) => `<< /Title (${i}) /Parent ${5 + i} 0 R ${i < 29 ? `/First ${7 + i} 0 R` : ''} >>`,
  );
  expect(await outlineIn(withBookmarks('<< /First 6 0 R /Last 6 0 R /Count 1 >>', ...deep))).toHaveLength(9);
});

test('P23 controls and what reorders do not stand in a title; one of nothing else gets a sign', async () => {
  const values = await outlineIn(
    withBookmarks(
      '<< /First 6 0 R /Last 7 0 R /Count 2 >>',
      `<< /Title ${hex('a\u202efdp\u200b.exe\nb')} /Parent 5 0 R /Next 7 0 R >>`,
      `<< /Title ${hex('\u202e\u200b')} /Parent 5 0 R /Prev 6 0 R >>`,
    ),
  );
  expect(values[1]).toContain(hex('afdp.exe b'));
  expect(values[2]).toContain(hex('…'));
});

test('a place on a page that is turned is its top, one beyond the page its edge', async () => {
  const pages = [{ object: 11, heightPt: 100 }];
  const item = { title: 'a', page: 0, children: [] };
  const value = (fromTopPt: number): string => outlineValues([{ ...item, fromTopPt }], 14, pages)[1] ?? '';
  expect(value(0)).toContain('null 100 null');
  expect(value(1e9)).toContain('null 0 null');
  expect(value(-5)).toContain('null 100 null');
  expect(outlineValues([{ ...item, page: 3, fromTopPt: 0 }], 14, pages)[1]).not.toContain('Dest');
});

test('a document without bookmarks has no outline', async () => {
  expect(
    await outlineIn(pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', PAGE])),
  ).toEqual([]);
});
