/** SVG: drawn with our fonts, nothing fetched, nothing run, bounded; documents with definitions are not parsed at all. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { inspectFile } from '../../../src/inspect/inspect.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Limits } from '../../../src/policy/policy.ts';
import type { Conversion, ConvertContext } from '../../../src/sanitize/converter.ts';
import { detect } from '../../../src/sanitize/detect/detect.ts';
import { familyOf, withOurFamilies } from '../../../src/sanitize/formats/svg/families.ts';
import { svg, widthOf } from '../../../src/sanitize/formats/svg/svg.ts';

const folder = fileURLToPath(new URL('../../../fixtures/svg/', import.meta.url));
const load = (name: string): Buffer => readFileSync(folder + name);

function convert(content: string | Uint8Array, limits: Partial<Limits> = {}): Promise<Conversion> {
  const policy = { ...DEFAULT_POLICY, version: '', limits: { ...DEFAULT_LIMITS, ...limits } };
  const context = { policy, passwords: [], deadline: performance.now() + 20_000 } as unknown as ConvertContext;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return svg.convert({ type: 'svg', untrustedName: '図.svg', untrustedCharset: '', bytes }, context);
}

async function drawn(content: string | Uint8Array, limits: Partial<Limits> = {}) {
  const conversion = await convert(content, limits);
  if (conversion.kind !== 'converted') throw new Error(JSON.stringify(conversion));
  const bytes = Buffer.from(conversion.files[0]?.bytes ?? []);
  expect(await inspectFile('png', bytes)).toEqual([]);
  expect(bytes.includes('canary')).toBe(false);
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return {
    width,
    height,
    removed: conversion.removed,
    at: (x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)],
    /** Dark pixels in a part of the picture. */
    ink(left: number, top: number, right: number, bottom: number): number {
      let dark = 0;
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) if ((data[(y * width + x) * 3 + 1] ?? 255) < 100) dark++;
      return dark;
    },
  };
}

const shell = (content: string, attributes = 'width="100" height="50"'): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${content}</svg>`;

test('I05: shapes, colours and Japanese text are drawn, twice as fine as on a screen', async () => {
  const { width, height, at, ink, removed } = await drawn(load('notice.svg'));
  expect([width, height]).toEqual([640, 320]);
  expect(at(560, 80)).toEqual([221, 20, 60]);
  expect(at(2, 2)).toEqual([255, 255, 255]);
  expect(removed).toEqual([]);
  // Each line of text: a missing font leaves nothing, a missing glyph an empty box.
  for (const [top, bottom] of [
    [56, 104],
    [140, 184],
    [216, 256],
  ] as const)
    expect(ink(32, top, 240, bottom)).toBeGreaterThan(600);
});

test('I05: two different characters are two different drawings, gothic and mincho too', async () => {
  const letter = async (character: string, family: string) => {
    const text = shell(`<text x="10" y="40" font-size="40" font-family="${family}">${character}</text>`);
    return (await drawn(text)).ink(0, 0, 200, 100);
  };
  const inks = [await letter('架', 'Meiryo'), await letter('空', 'Meiryo'), await letter('架', 'serif')];
  expect(new Set(inks).size).toBe(3);
});

test.each([
  ['ＭＳ 明朝, serif', 'Noto Serif JP'],
  ["'Times New Roman'", 'Noto Serif JP'],
  ['Unknown, YuMincho', 'Noto Serif JP'],
  ['sans-serif', 'Noto Sans JP'],
  ['Century Gothic', 'Noto Sans JP'],
  ['游ゴシック, serif', 'Noto Sans JP'],
  ['', 'Noto Sans JP'],
])('the family «%s» is drawn as %s', (list, family) => {
  expect(familyOf(list)).toBe(family);
});

test('families are replaced in attributes and style sheets, not in what is shown', () => {
  const text = `<style>.a{font-family:serif;fill:red}.b{font-family: "MS Gothic" }</style><text style="x:1;font-family:明朝" font-family='Arial'>font-family: serif;</text>`;
  expect(withOurFamilies(text)).toBe(
    '<style>.a{font-family:Noto Serif JP;fill:red}.b{font-family: Noto Sans JP }</style><text style="x:1;font-family:Noto Serif JP" font-family="Noto Sans JP">font-family: serif;</text>',
  );
});

test('I05: scripts, handlers, HTML and everything remote are gone and counted', async () => {
  const { at, removed } = await drawn(load('active.svg'));
  expect(at(100, 20)).toEqual([0, 129, 0]);
  expect(at(170, 70)).toEqual([0, 0, 255]);
  expect(Object.fromEntries(removed.map(({ what, count }) => [what, count]))).toMatchObject({
    script: 5,
    link: 1,
    animation: 1,
    metadata: 1,
  });
  expect(removed.find(({ what }) => what === 'remote-image')?.count).toBeGreaterThanOrEqual(4);
});

test.each(['external-entity.svg', 'laughs.svg', 'parameter-entity.svg'])(
  'X01 X02: %s never reaches a parser',
  async (name) => {
    expect(await convert(load(name))).toMatchObject({ kind: 'blocked', reason: 'unsupported-image' });
  },
);

test('X01: definitions in UTF-16 are definitions', async () => {
  const text = load('external-entity.svg').toString().replace(/^.*\n/, '');
  const utf16 = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]);
  expect(await convert(utf16)).toMatchObject({ kind: 'blocked', reason: 'unsupported-image' });
  const harmless = Buffer.concat([
    Buffer.of(0xff, 0xfe),
    Buffer.from(shell('<rect width="9" height="9"/>'), 'utf16le'),
  ]);
  expect((await drawn(harmless)).at(4, 4)).toEqual([0, 0, 0]);
});

test('X04: charsets that are lies are refused, those of Japan are read', async () => {
  for (const charset of ['utf-7', 'ebcdic-cp-us', 'iso-2022-jp'])
    expect(await convert(`<?xml version="1.0" encoding="${charset}"?>${shell('')}`)).toMatchObject({
      reason: 'malformed',
    });
  const text = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>${shell('<text y="40" font-size="40">'.concat('X</text>'))}`,
  );
  const bad = Buffer.from(text);
  bad[text.indexOf('X<')] = 0xff;
  expect(await convert(bad)).toMatchObject({ reason: 'malformed' });
  // 架 in Shift_JIS.
  const head = `<?xml version="1.0" encoding="Shift_JIS"?>`;
  const [before, after] = ['<text y="40" font-size="40">', '</text>'];
  const sjis = Buffer.concat([
    Buffer.from(`${head}<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">${before}`),
    Buffer.of(0x89, 0xcb),
    Buffer.from(`${after}</svg>`),
  ]);
  const whole = await drawn(shell(`${before}架${after}`));
  expect((await drawn(sjis)).ink(0, 0, 200, 100)).toBe(whole.ink(0, 0, 200, 100));
});

test('I03 X02: endless nesting, endless copies and endless numbers end as a value', async () => {
  const copies = Array.from(
    { length: 12 },
    (_, i) => `<g id="a${i + 1}">${`<use href="#a${i}"/>`.repeat(10)}</g>`,
  ).join('');
  const hostile = [
    shell('<g>'.repeat(100_000)),
    shell('<g>'.repeat(100_000) + '</g>'.repeat(100_000)),
    shell(`<defs><g id="a0"><rect width="1" height="1"/></g>${copies}</defs><use href="#a12"/>`),
    shell('<use id="a" href="#b"/><use id="b" href="#a"/>'),
    shell(
      `<filter id="f">${'<feGaussianBlur stdDeviation="9"/>'.repeat(5)}</filter>${'<g filter="url(#f)"/>'.repeat(300)}`,
    ),
    shell(
      '<pattern id="p" width="0.001" height="0.001"><rect width="1" height="1" fill="url(#p)"/></pattern><rect fill="url(#p)" width="99" height="9"/>',
    ),
    '<svg',
    'text only',
    shell(`<rect ${Array.from({ length: 20_000 }, (_, i) => `a${i}="1"`).join(' ')}/>`),
  ];
  for (const text of hostile) expect(['converted', 'blocked']).toContain((await convert(text)).kind);
});

test('I03: a drawing as large as a field is drawn as large as the limits allow', async () => {
  const { width, height } = await drawn(shell('<rect width="1" height="1"/>', 'width="1000000" height="1000000"'), {
    maxMegapixels: 1,
  });
  expect([width, height]).toEqual([1000, 1000]);
  expect(widthOf({ width: 100, height: 50 }, 1e7)).toBe(200);
  expect(widthOf({ width: 3000, height: 3000 }, 16e6)).toBe(3000);
  expect(widthOf({ width: 1e6, height: 1 }, 16e6)).toBe(16_000);
});

test('I05: a picture inside is drawn when it is in the file, whatever it claims to be', async () => {
  const png = (
    await sharp({ create: { width: 4, height: 4, channels: 3, background: '#f00' } })
      .png()
      .toBuffer()
  ).toString('base64');
  const { at } = await drawn(shell(`<image width="50" height="50" href="data:image/png;base64,${png}"/>`));
  expect(at(40, 40)).toEqual([255, 0, 0]);
  const bomb = readFileSync(`${folder}../image/bomb.png`).toString('base64');
  const inner = Buffer.from(load('laughs.svg')).toString('base64');
  for (const href of [`data:image/png;base64,${bomb}`, `data:image/svg+xml;base64,${inner}`])
    expect(['converted', 'blocked']).toContain(
      (await convert(shell(`<image width="50" height="50" href="${href}"/>`))).kind,
    );
});

test('by its text it is an SVG, whatever it is called', async () => {
  expect(await detect(load('notice.svg'), { untrustedName: 'a.txt', declaredType: 'text/plain' })).toBe('svg');
  expect(await detect(load('laughs.svg'), { untrustedName: 'a.png', declaredType: 'image/png' })).toBe('svg');
});
