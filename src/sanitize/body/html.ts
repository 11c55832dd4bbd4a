/**
 * HTML → the text a reader of the page would have seen.
 *
 * Danger: scripts, hidden text, look-alike links, tracking, depth (threats.tsv B14–B29). Method: parse5's tree (WHATWG
 * rules) walked with a stack of our own, never by recursion; only text, lists, tables and link targets come out.
 * Kept: visible text in reading order, lists, data tables, quotes, ruby, alternative texts. Lost: layout, pictures, colour.
 */
import type { Removal } from '../../message/outcome.ts';
import type { LinkReport } from '../../message/report.ts';
import { BODY_SENTENCES, fill, type Language } from '../../message/texts.ts';
import { LinkSink } from './anchor.ts';
import { cleanLine } from './characters.ts';
import { StyleSheet } from './css.ts';
import { flatText } from './flat.ts';
import { HiddenText } from './hidden.ts';
import type { LinkStyle } from './links.ts';
import { isHidden, type Look, lookOf, rootLook } from './look.ts';
import { attribute, type Element, type Node, parsePage } from './page.ts';
import { removals } from './safe-text.ts';
import { type DrawnCell, drawTable, isDataTable } from './table.ts';
import { Writer } from './writer.ts';

export interface HtmlText {
  /** LF line ends. Not yet through safeText. */
  readonly text: string;
  readonly links: readonly LinkReport[];
  readonly hiddenText: string;
  readonly removed: readonly Removal[];
}

/** Beyond this nothing of a page is read: twenty times the largest newsletter known to us. */
const MAX_HTML_UNITS = 8_000_000;
/** Ten times the longest body; bounds what indentation and tables may multiply. */
const MAX_TEXT_UNITS = 4_000_000;

const BLOCKS = new Set(
  'address article aside body caption center dd details dir div dl dt fieldset figcaption figure footer form header html legend li main menu nav ol optgroup option section summary table tbody tfoot thead tr ul'.split(
    ' ',
  ),
);
const WITH_BLANK_LINE = new Set('p h1 h2 h3 h4 h5 h6 blockquote pre xmp plaintext listing hr'.split(' '));
/** Never shown by anything that shows mail. */
const UNSEEN = new Set(
  'head title style script noscript template iframe object embed applet audio video canvas map datalist noframes noembed param source track meta link base rp svg math'.split(
    ' ',
  ),
);
const EMBEDDED = new Set(['iframe', 'object', 'embed', 'applet', 'audio', 'video']);
const PREFORMATTED = new Set(['pre', 'xmp', 'plaintext', 'listing', 'textarea']);

export function htmlToText(untrustedHtml: string, style: LinkStyle, language: Language): HtmlText {
  const html = untrustedHtml.length > MAX_HTML_UNITS ? untrustedHtml.slice(0, MAX_HTML_UNITS) : untrustedHtml;
  const links = new LinkSink(style, language);
  const hidden = new HiddenText();
  const page = parsePage(html);
  if (page === undefined) {
    const lines = flatText(html, links, MAX_TEXT_UNITS);
    return result(lines, links, hidden, {});
  }
  const walk = new Walk(links, hidden, language);
  walk.readStyles(page.childNodes);
  return result(walk.run(page.childNodes), links, hidden, walk.counts);
}

function result(
  lines: readonly string[],
  links: LinkSink,
  hidden: HiddenText,
  counts: Partial<Record<Removal['what'], number>>,
): HtmlText {
  return {
    text: lines.join('\n'),
    links: links.links,
    hiddenText: hidden.text,
    removed: removals({
      ...counts,
      link: links.removed,
      script: (counts.script ?? 0) + links.scripts,
      'hidden-text': hidden.count,
    }),
  };
}

interface Frame {
  readonly nodes: readonly Node[];
  index: number;
  readonly look: Look;
  readonly preformatted: boolean;
  readonly leave: (() => void) | undefined;
}

interface OpenTable {
  readonly rows: DrawnCell[][];
}

interface OpenList {
  readonly ordered: boolean;
  next: number;
}

class Walk {
  readonly counts: Partial<Record<Removal['what'], number>> = {};
  private readonly sheet = new StyleSheet();
  private readonly links: LinkSink;
  private readonly hidden: HiddenText;
  private readonly language: Language;
  /** The last one is written to; a data table's cell has one of its own. */
  private readonly writers: Writer[] = [new Writer()];
  private readonly tables: OpenTable[] = [];
  private readonly lists: OpenList[] = [];
  private readonly anchors: { text: string }[] = [];
  private readonly stack: Frame[] = [];
  private units = 0;

  constructor(links: LinkSink, hidden: HiddenText, language: Language) {
    this.links = links;
    this.hidden = hidden;
    this.language = language;
  }

  private get writer(): Writer {
    return this.writers.at(-1) as Writer;
  }

  private count(what: Removal['what']): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Style sheets count wherever they stand, so they are read before the walk. */
  readStyles(nodes: readonly Node[]): void {
    const pending: Node[] = [...nodes];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (!('childNodes' in node)) continue;
      if (node.nodeName === 'style') this.sheet.add(textOf(node));
      else if (node.nodeName === 'base') this.links.base ||= attribute(node, 'href');
      // In document order: the last child goes to the bottom of the pile.
      else for (let i = node.childNodes.length - 1; i >= 0; i--) pending.push(node.childNodes[i] as Node);
    }
  }

  run(nodes: readonly Node[]): readonly string[] {
    this.push(nodes, rootLook(!this.sheet.paintsUnknown), false, undefined);
    for (let frame = this.stack.at(-1); frame !== undefined; frame = this.stack.at(-1)) {
      const node = frame.nodes[frame.index++];
      if (node === undefined || this.units > MAX_TEXT_UNITS) {
        this.stack.pop();
        frame.leave?.();
      } else if (node.nodeName === '#text') this.textNode('value' in node ? node.value : '', frame);
      else if (node.nodeName === '#comment') this.hidden.comment('data' in node ? node.data : '');
      else if ('childNodes' in node) this.element(node, frame);
    }
    return this.writer.finish();
  }

  private push(nodes: readonly Node[], look: Look, preformatted: boolean, leave: (() => void) | undefined): void {
    this.stack.push({ nodes, index: 0, look, preformatted, leave });
  }

  private textNode(value: string, frame: Frame): void {
    if (isHidden(frame.look)) {
      this.hidden.add(value);
      return;
    }
    this.write(value, frame.preformatted);
  }

  private write(text: string, preformatted = false): void {
    this.units += text.length;
    if (preformatted) this.writer.preformatted(text);
    else this.writer.text(text);
    const anchor = this.anchors.at(-1);
    if (anchor !== undefined && anchor.text.length < 1000) anchor.text += text;
  }

  private element(element: Element, frame: Frame): void {
    const tag = element.tagName;
    this.countHandlers(element);
    if (UNSEEN.has(tag)) {
      this.unseen(element, tag);
      return;
    }
    const look = this.lookOf(element, frame.look);
    const preformatted = frame.preformatted || PREFORMATTED.has(tag);
    if (look.gone) {
      // Nobody sees it, but a picture from elsewhere would have been fetched all the same: it is counted.
      if (tag === 'img') this.image(element, look);
      this.push(element.childNodes, look, preformatted, undefined);
      return;
    }
    this.push(element.childNodes, look, preformatted, this.enter(element, tag, look));
  }

  private countHandlers(element: Element): void {
    for (const { name } of element.attrs) if (name.startsWith('on')) this.count('script');
  }

  private unseen(element: Element, tag: string): void {
    if (tag === 'script') this.count('script');
    else if (EMBEDDED.has(tag)) this.count('embedded-file');
    else if (tag === 'noscript' || tag === 'svg' || tag === 'title') return;
    else if (tag === 'head') this.headScripts(element);
  }

  private headScripts(head: Element): void {
    for (const node of head.childNodes) {
      if (node.nodeName === 'script') this.count('script');
      else if (node.nodeName === '#comment' && 'data' in node) this.hidden.comment(node.data);
    }
  }

  private lookOf(element: Element, parent: Look): Look {
    if (element.attrs.length === 0 && !this.sheet.hasRules) return parent;
    const classes = attribute(element, 'class');
    const css = this.sheet.declarationsOf({
      tag: element.tagName,
      id: attribute(element, 'id'),
      classes: classes === '' ? [] : classes.split(/\s+/).slice(0, 20),
      inline: attribute(element, 'style'),
    });
    return lookOf(parent, css, {
      hidden: element.attrs.some(({ name }) => name === 'hidden'),
      bgcolor: attribute(element, 'bgcolor'),
      colour:
        element.tagName === 'font'
          ? attribute(element, 'color')
          : element.tagName === 'body'
            ? attribute(element, 'text')
            : '',
      backgroundImage: attribute(element, 'background') !== '',
      isLink: element.tagName === 'a' && attribute(element, 'href') !== '',
    });
  }

  /** Writes what comes before the children; answers what is to be done behind them. */
  private enter(element: Element, tag: string, look: Look): (() => void) | undefined {
    switch (tag) {
      case 'br':
        this.writer.lineBreak();
        return undefined;
      case 'a':
      case 'area':
        return this.anchor(attribute(element, 'href'), look);
      case 'img':
        this.image(element, look);
        return undefined;
      case 'input':
        this.input(element);
        return undefined;
      case 'table':
        return this.table(element);
      case 'tr':
        this.tables.at(-1)?.rows.push([]);
        return this.block(false);
      case 'td':
      case 'th':
        return this.cell(element, tag === 'th');
      case 'ul':
      case 'ol':
      case 'menu':
      case 'dir':
        return this.list(element, tag === 'ol');
      case 'li':
        return this.item(element);
      case 'dd':
        return this.indented('  ');
      case 'blockquote':
        return this.indented('> ', true);
      case 'rt':
        this.write('(');
        return () => this.write(')');
      case 'hr':
        this.writer.rawLine('─'.repeat(20));
        return undefined;
      case 'h1':
      case 'h2':
      case 'h3':
        return this.heading();
      case 'form':
        this.count('form');
        return this.block(false);
      case 'q':
        this.write('「');
        return () => this.write('」');
      case 'button':
        this.write('[');
        return () => this.write(']');
      default:
        if (WITH_BLANK_LINE.has(tag)) return this.block(true);
        return BLOCKS.has(tag) ? this.block(false) : undefined;
    }
  }

  private block(blank: boolean): () => void {
    this.writer.block(blank);
    return () => this.writer.block(blank);
  }

  private indented(rest: string, blank = false): () => void {
    this.writer.block(blank);
    this.writer.indent(rest);
    return () => {
      this.writer.block(false);
      this.writer.outdent();
      this.writer.block(blank);
    };
  }

  private heading(): () => void {
    this.writer.block(true);
    this.writer.indent('', '■ ');
    return () => {
      this.writer.block(false);
      this.writer.outdent();
      this.writer.block(true);
    };
  }

  private anchor(href: string, look: Look): (() => void) | undefined {
    if (href === '' || isHidden(look)) return undefined;
    const anchor = { text: '' };
    this.anchors.push(anchor);
    return () => {
      this.anchors.pop();
      const suffix = this.links.suffix(href, anchor.text);
      if (suffix !== '') this.write(suffix);
    };
  }

  private image(element: Element, look: Look): void {
    const source = attribute(element, 'src').trim();
    const remote = /^(?:https?:)?\/\//i.test(source);
    if (isPixel(element)) {
      if (remote) this.count('tracking-pixel');
      return;
    }
    if (remote) this.count('remote-image');
    if (look.gone) return;
    const alt = cleanLine(attribute(element, 'alt'), 300);
    if (alt !== '') this.write(fill(BODY_SENTENCES.image, this.language, { alt }));
    else if (!remote || this.anchors.length > 0) this.write(fill(BODY_SENTENCES.imageWithoutAlt, this.language));
  }

  private input(element: Element): void {
    const type = attribute(element, 'type').toLowerCase();
    const value = attribute(element, 'value');
    if (type === 'submit' || type === 'button' || type === 'reset') this.write(`[${value}]`);
    else if (type !== 'hidden' && type !== 'password' && value !== '' && type !== 'checkbox' && type !== 'radio')
      this.write(value);
  }

  private list(element: Element, ordered: boolean): () => void {
    const start = Number.parseInt(attribute(element, 'start'), 10);
    this.lists.push({ ordered, next: Number.isSafeInteger(start) ? start : 1 });
    this.writer.block(false);
    return () => {
      this.lists.pop();
      this.writer.block(false);
    };
  }

  private item(element: Element): () => void {
    const list = this.lists.at(-1);
    const value = Number.parseInt(attribute(element, 'value'), 10);
    if (list !== undefined && Number.isSafeInteger(value)) list.next = value;
    const bullet = list?.ordered === true ? `${list.next++}. ` : '・';
    this.writer.block(false);
    this.writer.indent('  ', bullet);
    return () => {
      this.writer.block(false);
      this.writer.outdent();
    };
  }

  private table(element: Element): () => void {
    if (this.tables.length > 0 || !isDataTable(element)) return this.block(false);
    const table: OpenTable = { rows: [] };
    this.tables.push(table);
    this.writer.block(true);
    return () => {
      this.tables.pop();
      for (const line of drawTable(table.rows)) this.writer.rawLine(line);
      this.writer.block(true);
    };
  }

  /** A data table's cell is written apart; any other cell is a block of its own. */
  private cell(element: Element, heading: boolean): () => void {
    const row = this.tables.at(-1)?.rows.at(-1);
    if (row === undefined) return this.block(false);
    const span = Math.min(Math.max(Number.parseInt(attribute(element, 'colspan'), 10) || 1, 1), 16);
    const outer = this.lists.splice(0);
    this.writers.push(new Writer());
    return () => {
      const lines = this.writer.finish();
      this.writers.pop();
      this.lists.splice(0, this.lists.length, ...outer);
      row.push({ lines, heading });
      for (let i = 1; i < span; i++) row.push({ lines: [], heading });
    };
  }
}

/** One or two pixels wide or high: nothing anybody looks at. */
function isPixel(element: Element): boolean {
  const style = attribute(element, 'style').toLowerCase();
  const sizes = ['width', 'height'].map((name) => {
    const styled = new RegExp(`(?:^|[;\\s])${name}\\s*:\\s*(\\d{1,4})(?:px)?\\s*(?:!|;|$)`).exec(style)?.[1];
    return Number.parseInt(styled ?? attribute(element, name), 10);
  });
  return sizes.some((size) => size <= 2) || /display\s*:\s*none/.test(style);
}

/** Raw text of an element whose children are text only. */
const textOf = (element: Element): string =>
  element.childNodes.map((node) => (node.nodeName === '#text' && 'value' in node ? node.value : '')).join('');
