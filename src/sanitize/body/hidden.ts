/** Collects what a page holds that its reader would not have seen, for the administrators' report. */
import { cleanText } from './characters.ts';

/** report.ts: BodyReport.hiddenText. */
const MAX_UNITS = 2000;

export class HiddenText {
  count = 0;
  private readonly seen: string[] = [];
  private readonly comments: string[] = [];
  private units = 0;

  /** A text node that was not shown. Padding (blanks, joiners) is no text. */
  add(untrusted: string): void {
    if (!/[\p{L}\p{N}]/u.test(untrusted)) return;
    this.count += 1;
    this.keep(this.seen, untrusted);
  }

  /** Comments are no deceit (every newsletter has some for Outlook): kept for the report, not counted. */
  comment(untrusted: string): void {
    if (this.units >= MAX_UNITS) return;
    const text = untrusted
      .slice(0, 4000)
      .replace(/\[(?:if|endif)[^\]]{0,100}\]/gi, ' ')
      .replace(/<[^>]{0,1000}>/g, ' ');
    if (/[\p{L}\p{N}]/u.test(text) && !/[{}]/.test(text)) this.keep(this.comments, text);
  }

  private keep(list: string[], untrusted: string): void {
    if (this.units >= MAX_UNITS) return;
    const text = cleanText(untrusted.slice(0, MAX_UNITS)).text.replace(/\s+/g, ' ').trim();
    this.units += text.length + 1;
    list.push(text);
  }

  get text(): string {
    return [...this.seen, ...this.comments].join('\n').slice(0, MAX_UNITS).toWellFormed();
  }
}
