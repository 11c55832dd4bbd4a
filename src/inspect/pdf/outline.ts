/** Bookmarks of our PDFs (docs/output-grammar-pdf.md §3a): a tree in pre-order that is written anew and compared. */
import type { Cursor } from './cursor.ts';
import { demand, matched } from './cursor.ts';
import { isCleanText } from './fonts.ts';

const MAX_ITEMS = 2000;
const MAX_DEPTH = 8;
/** UTF-16 units: 200 characters, each of which may take two. */
const MAX_TITLE_UNITS = 400;

const ROOT = /^<< \/Type \/Outlines \/First [0-9]+ 0 R \/Last [0-9]+ 0 R \/Count [0-9]+ >>$/;
const ITEM = new RegExp(
  `^<< /Title <FEFF((?:[0-9A-F]{4}){1,${MAX_TITLE_UNITS}})> /Parent ([1-9][0-9]{0,9}) 0 R.*?( /Dest \\[[^\\]]*\\])? >>$`,
);
const DESTINATION =
  /^ \/Dest \[([1-9][0-9]{0,9}) 0 R \/XYZ null ((?:0|[1-9][0-9]{0,9})(?:\.(?:[0-9][1-9]|[1-9]))?) null\]$/;

/** What is read of an item; everything else about it follows from the tree. */
interface Item {
  readonly value: string;
  readonly title: string;
  readonly self: number;
  readonly parent: number;
  readonly depth: number;
  readonly destination: string;
  readonly children: Item[];
}

/**
 * Reads the root and all items behind it.
 * @param heights of the pages as they are spelled, by the number of the page's object
 * @throws Misfit
 */
export function readOutline(cursor: Cursor, root: number, heights: ReadonlyMap<number, string>): void {
  const rootValue = cursor.plain();
  demand(ROOT.test(rootValue), 'outline: root');
  const top: Item[] = [];
  const items = new Map<number, Item>();
  let last = root;
  while (cursor.isAtObject()) {
    demand(items.size < MAX_ITEMS, 'outline: too many items');
    const item = readItem(cursor.plain(), last + 1, items, root, heights);
    // In pre-order an item's parent is the last one read or one above it.
    demand(item.parent === root || isAbove(item.parent, last, items), 'outline: order');
    (items.get(item.parent)?.children ?? top).push(item);
    items.set(item.self, item);
    last = item.self;
  }
  demand(top.length > 0, 'outline: empty');
  const [first, end] = [top[0]?.self, top.at(-1)?.self];
  const expected = `<< /Type /Outlines /First ${first} 0 R /Last ${end} 0 R /Count ${top.length} >>`;
  demand(rootValue === expected, 'outline: root');
  checkRow(top);
}

function readItem(
  value: string,
  self: number,
  items: ReadonlyMap<number, Item>,
  root: number,
  heights: ReadonlyMap<number, string>,
): Item {
  const [title = '', parentText = '', destination = ''] = matched(ITEM, value, 'outline: item');
  const parent = Number(parentText);
  const depth = parent === root ? 1 : (items.get(parent)?.depth ?? MAX_DEPTH) + 1;
  demand(depth <= MAX_DEPTH, 'outline: depth or parent');
  demand(isCleanText(title), 'outline: title');
  if (destination !== '') {
    const [page = '', y = ''] = matched(DESTINATION, destination, 'outline: destination');
    demand(Number(y) <= Number(heights.get(Number(page)) ?? -1), 'outline: destination off the pages');
  }
  return { value, title, self, parent, depth, destination, children: [] };
}

function isAbove(parent: number, from: number, items: ReadonlyMap<number, Item>): boolean {
  for (let item = items.get(from); item !== undefined; item = items.get(item.parent)) {
    if (item.self === parent) return true;
  }
  return false;
}

/** Each item has the one spelling that its place in the tree gives it. */
function checkRow(row: readonly Item[]): void {
  for (const [i, { value, title, parent, destination, children }] of row.entries()) {
    const [previous, next, first, last] = [row[i - 1], row[i + 1], children[0], children.at(-1)];
    const expected =
      `<< /Title <FEFF${title}> /Parent ${parent} 0 R` +
      (previous === undefined ? '' : ` /Prev ${previous.self} 0 R`) +
      (next === undefined ? '' : ` /Next ${next.self} 0 R`) +
      (first === undefined ? '' : ` /First ${first.self} 0 R /Last ${last?.self} 0 R /Count -${children.length}`) +
      `${destination} >>`;
    demand(value === expected, 'outline: item');
    checkRow(children);
  }
}
