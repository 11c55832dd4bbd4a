/** The picture of a page that says that it could not be read: drawn from a text of ours by our own engine. */

import { unreadablePageLines } from '../../../message/texts-pages.ts';
import type { Pixels } from '../../engines/images/pixels.ts';
import { openSvg } from '../../engines/images/resvg.ts';

/** A sheet of A4, upright, at 96 pixels an inch, drawn twice as fine because it ends in black and white. */
const NOTICE_SIZE = { width: 794, height: 1123 } as const;
const FINENESS = 2;

/** @param page counted from 1 */
export async function noticePage(page: number): Promise<Pixels> {
  const { width, height } = NOTICE_SIZE;
  const line = (y: number, size: number, text: string): string =>
    `<text x="80" y="${y}" font-size="${size}" fill="black">${text}</text>`;
  const [heading, ja, en] = unreadablePageLines(page);
  const text =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect x="40" y="40" width="${width - 80}" height="${height - 80}" fill="none" stroke="black" stroke-width="2"/>` +
    line(140, 26, heading) +
    line(185, 17, ja) +
    line(225, 17, en) +
    '</svg>';
  return (await openSvg(text, true)).draw(width * FINENESS);
}
