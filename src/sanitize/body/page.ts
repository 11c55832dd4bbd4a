/**
 * HTML → tree by parse5, bounded. A page that nests or grows beyond what mail ever has is not built as a tree: the
 * parser's work grows with depth × tags (200,000 nested `<div>` take half a minute), and formatting elements multiply.
 */
import {
  type DefaultTreeAdapterMap,
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter,
  parse,
  type TreeAdapter,
} from 'parse5';

export type Element = DefaultTreeAdapterTypes.Element;
export type Node = DefaultTreeAdapterTypes.ChildNode;

/** Browsers flatten at 512; the deepest newsletter of the corpus has 60. */
const MAX_DEPTH = 400;
/** A megabyte of newsletter has about 20,000. */
const MAX_ELEMENTS = 150_000;

class TooComplex extends Error {}

/** The document, or undefined when it is too deep or has too many elements. */
export function parsePage(html: string): DefaultTreeAdapterTypes.Document | undefined {
  try {
    return parse(html, { treeAdapter: boundedAdapter(), scriptingEnabled: true });
  } catch (error) {
    // parse5 promises not to throw for any input; this is our own stop.
    if (error instanceof TooComplex) return undefined;
    throw error;
  }
}

function boundedAdapter(): TreeAdapter<DefaultTreeAdapterMap> {
  let depth = 0;
  let elements = 0;
  return {
    ...defaultTreeAdapter,
    createElement(tag, namespace, attributes) {
      elements += 1;
      if (elements > MAX_ELEMENTS) throw new TooComplex();
      return defaultTreeAdapter.createElement(tag, namespace, attributes);
    },
    onItemPush() {
      depth += 1;
      if (depth > MAX_DEPTH) throw new TooComplex();
    },
    onItemPop() {
      depth -= 1;
    },
  };
}

/** Value of an attribute, '' when missing. */
export const attribute = (element: Element, name: string): string =>
  element.attrs.find((attr) => attr.name === name)?.value ?? '';
