/** A message's text: each unit of the plan decoded and rendered, put together in order, with one report. */
import type { BlockReason } from '../message/outcome.ts';
import type { BodyReport } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import { unflow } from './body/flowed.ts';
import { MAX_REPORTED_LINKS } from './body/links.ts';
import { renderBody } from './body/render.ts';
import { addRemovals } from './body/safe-text.ts';
import { type DecodedText, decodeText } from './charset/decode.ts';
import type { Leaf } from './mime/tree.ts';
import type { BodyUnit } from './plan.ts';

export interface MessageText {
  /** Text by the rules of docs/output-grammar.md §6, LF line ends. */
  readonly text: string;
  /** The same before: plain text as decoded, or the HTML source. For the administrators' page. */
  readonly before: string;
  readonly report: BodyReport;
  readonly defects: readonly { readonly what: string; readonly count: number }[];
  /** Leaves that could not be rendered: they are held like files. */
  readonly held: readonly { readonly leaf: Leaf; readonly reason: BlockReason; readonly detail: string }[];
}

/** Between two units: no mail program shows where one part ends, but a reader should see that one does. */
const BETWEEN = '\n\n';
/** Hidden text in the report (message/report.ts). */
const MAX_HIDDEN = 2000;

/** @param holdParts parts that killed a child before, by path */
export function messageText(
  units: readonly BodyUnit[],
  policy: Pick<Policy, 'links'>,
  holdParts: Readonly<Record<string, BlockReason>>,
  onPart: (path: string) => void,
): MessageText {
  const held: { leaf: Leaf; reason: BlockReason; detail: string }[] = [];
  const texts: string[] = [];
  const befores: string[] = [];
  const reports: BodyReport[] = [];
  let wrong = 0;
  let unreadable = 0;
  for (const unit of units) {
    const leaves = [unit.plain, unit.html].filter((leaf) => leaf !== undefined);
    const open = leaves.filter((leaf) => !Object.hasOwn(holdParts, leaf.path));
    for (const leaf of leaves) {
      const reason = holdParts[leaf.path];
      if (!open.includes(leaf) && reason !== undefined) held.push({ leaf, reason, detail: 'killed a process before' });
    }
    const first = open[0];
    if (first === undefined) continue;
    onPart(first.path);
    try {
      const decoded = open.map((leaf) => ({ leaf, ...joined(leaf, decodeText(leaf.bytes, leaf.charset)) }));
      const plain = decoded.find(({ leaf }) => leaf === unit.plain);
      const html = decoded.find(({ leaf }) => leaf === unit.html);
      const rendered = renderBody(
        { ...(plain === undefined ? {} : { plain: plain.text }), ...(html === undefined ? {} : { html: html.text }) },
        policy,
      );
      const used = (rendered.source === 'html' ? html : plain) ?? decoded[0];
      wrong += decoded.filter(({ guessed }) => guessed).length;
      unreadable += used?.replaced ?? 0;
      texts.push(rendered.text);
      befores.push((plain ?? html)?.text ?? '');
      reports.push({
        declaredCharset: (used?.leaf.charset ?? '').slice(0, 100),
        charset: used?.charset ?? '',
        source: rendered.source,
        links: rendered.links,
        hiddenText: rendered.hiddenText,
        removed: rendered.removed,
      });
    } catch (error) {
      for (const leaf of open) held.push({ leaf, reason: 'sanitizer-failed', detail: `body: ${String(error)}` });
    }
  }
  return {
    text: texts.filter((text) => text.trim() !== '').join(BETWEEN),
    before: befores.join(BETWEEN),
    report: merged(reports),
    defects: [
      ...(wrong > 0 ? [{ what: 'charset-guessed', count: wrong }] : []),
      ...(unreadable > 0 ? [{ what: 'unreadable-characters', count: unreadable }] : []),
    ],
    held,
  };
}

/** As the sender's program meant its lines (RFC 3676); quoted replies and sentences come whole. */
function joined(leaf: Leaf, decoded: DecodedText): DecodedText {
  const { type, params } = leaf.contentType;
  if (type !== 'text/plain' || params['format']?.toLowerCase() !== 'flowed') return decoded;
  return { ...decoded, text: unflow(decoded.text, params['delsp']?.toLowerCase() === 'yes') };
}

function merged(reports: readonly BodyReport[]): BodyReport {
  const first = reports[0];
  return {
    declaredCharset: first?.declaredCharset ?? '',
    charset: first?.charset ?? '',
    source: reports.find(({ source }) => source !== 'none')?.source ?? 'none',
    links: reports.flatMap(({ links }) => links).slice(0, MAX_REPORTED_LINKS),
    hiddenText: reports
      .map(({ hiddenText }) => hiddenText)
      .join('\n')
      .trim()
      .slice(0, MAX_HIDDEN),
    removed: addRemovals(...reports.map(({ removed }) => removed)),
  };
}
