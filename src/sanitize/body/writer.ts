/** Lines of plain text out of a flow of inline text and blocks: white space collapsed as CSS does, quotes and lists indented. */

interface Prefix {
  readonly rest: string;
  /** Stands in place of `rest` on the first line: a list's bullet. */
  first: string | undefined;
}

/** Deeper indentation carries no meaning and would multiply the output (400 levels on 100,000 lines). */
const MAX_PREFIXES = 12;
const MAX_BLANK_LINES = 2;

export class Writer {
  private readonly done: string[] = [];
  private readonly prefixes: Prefix[] = [];
  private surplus = 0;
  private line = '';
  /** Something (a bullet) was already put in front of the current line. */
  private lead = '';
  private started = false;
  /** What stands on the blank line that is due: the outermost quote marks asked for; undefined when none is due. */
  private dueBlank: string | undefined;
  private blanks = 0;
  /** UTF-16 units written so far, for bounds. */
  units = 0;

  /** Inline text; runs of white space are one space, none at a line's ends. */
  text(untrusted: string): void {
    let text = untrusted.replace(/[ \t\n\r\f]+/g, ' ');
    if ((this.line === '' || this.line.endsWith(' ')) && text.startsWith(' ')) text = text.slice(1);
    if (text !== '') this.append(text);
  }

  /** Preformatted text: every blank and line end counts. */
  preformatted(untrusted: string): void {
    const lines = untrusted.split(/\r\n?|\n/);
    lines.forEach((line, i) => {
      if (line !== '') this.append(line);
      if (i < lines.length - 1) this.lineBreak();
    });
  }

  private append(text: string): void {
    if (!this.started) this.startLine();
    this.line += text;
    this.units += text.length;
  }

  private startLine(): void {
    if (this.dueBlank !== undefined && this.done.length > 0) this.pushBlank(this.dueBlank);
    this.dueBlank = undefined;
    this.started = true;
    this.lead = this.prefixes.map((prefix) => prefix.first ?? prefix.rest).join('');
    for (const prefix of this.prefixes) prefix.first = undefined;
    this.units += this.lead.length;
  }

  private quoteMarks(): string {
    return this.prefixes
      .map((prefix) => prefix.rest)
      .join('')
      .trimEnd();
  }

  private pushBlank(line: string): void {
    if (this.blanks >= MAX_BLANK_LINES) return;
    this.blanks += 1;
    this.units += 1;
    this.done.push(line);
  }

  private endLine(): void {
    this.done.push((this.lead + this.line).trimEnd());
    this.line = '';
    this.started = false;
    this.blanks = 0;
  }

  /** `<br>`: ends the line, also an empty one. */
  lineBreak(): void {
    if (this.started) this.endLine();
    else this.pushBlank(this.quoteMarks());
  }

  /** A block begins or ends here; with a blank line in between when `blank`. */
  block(blank: boolean): void {
    if (this.started) this.endLine();
    if (!blank) return;
    const marks = this.quoteMarks();
    if (this.dueBlank === undefined || marks.length < this.dueBlank.length) this.dueBlank = marks;
  }

  /** A finished line, written as it is. */
  rawLine(line: string): void {
    this.block(false);
    this.append(line);
    this.endLine();
  }

  indent(rest: string, first?: string): void {
    if (this.prefixes.length >= MAX_PREFIXES) this.surplus += 1;
    else this.prefixes.push({ rest, first });
  }

  outdent(): void {
    if (this.surplus > 0) this.surplus -= 1;
    else this.prefixes.pop();
  }

  /** All lines. The writer is not used afterwards. */
  finish(): readonly string[] {
    if (this.started) this.endLine();
    while (this.done.at(-1) === '') this.done.pop();
    return this.done;
  }
}
