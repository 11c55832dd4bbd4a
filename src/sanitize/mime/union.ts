/** The two readers together: what only the second saw becomes a leaf, what only the first saw is said. */
import { listed, newLeaves, parseMessage, sameContent } from './message.ts';
import { readSecond, type SecondLeaf } from './second.ts';
import type { Leaf, MimeMessage, ParseOptions } from './tree.ts';

/** Reads a message with both readers. Never rejects for what a message holds. */
export async function readMessage(bytes: Uint8Array, options: ParseOptions): Promise<MimeMessage> {
  const own = parseMessage(bytes, options);
  if (own.hold === 'limit-exceeded') return own;
  const second = await readSecond(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    options.limits.maxParts,
  );
  return second.kind === 'failed' ? withDefect(own, second.why) : united(own, second.leaves);
}

/** Pure: exported for tests that plant a leaf which only one of the two saw. */
export function united(own: MimeMessage, seen: readonly SecondLeaf[]): MimeMessage {
  const defects = new Map(own.defects.map(({ what, count }) => [what, count]));
  const matched = new Set<Leaf>();
  const strangers: Leaf[] = [];
  for (const leaf of seen) {
    const partner = own.leaves.find((one) => !matched.has(one) && isSame(one.bytes, leaf.bytes));
    if (partner !== undefined) matched.add(partner);
    else if (!isBlank(leaf.bytes) && !own.leaves.some((one) => isSame(one.bytes, leaf.bytes) || isShownIn(one, leaf)))
      strangers.push(asLeaf(leaf));
  }
  const unionBefore = own.leaves.filter(({ path }) => path.startsWith('u')).length;
  const added = newLeaves(strangers, own.leaves, unionBefore + 1);
  const leaves = own.leaves.map((leaf) =>
    matched.has(leaf) && leaf.seenBy === 'first' ? { ...leaf, seenBy: 'both' as const } : leaf,
  );
  const onlyFirst = leaves.filter((leaf) => leaf.seenBy === 'first' && !isBlank(leaf.bytes)).length;
  if (added.length > 0) defects.set('only-second-reader', added.length);
  if (onlyFirst > 0) defects.set('only-first-reader', onlyFirst);
  return { ...own, leaves: [...leaves, ...added], defects: listed(defects) };
}

const withDefect = (own: MimeMessage, what: string): MimeMessage => ({
  ...own,
  defects: [...own.defects, { what, count: 1 }],
});

/** Below this, differences of white space are looked through; a longer text differs in its words too. */
const SQUEEZE_BYTES = 1024 * 1024;

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (sameContent(a, b)) return true;
  const comparable =
    a.length < SQUEEZE_BYTES && b.length < SQUEEZE_BYTES && Math.abs(a.length - b.length) < 64 + a.length / 8;
  return comparable && squeeze(a) === squeeze(b);
}

/** A text that we show within a longer one of the same type: the readers differ on where it ends, not on what it says. */
function isShownIn(own: Leaf, leaf: SecondLeaf): boolean {
  if (!leaf.type.startsWith('text/') || own.contentType.type !== leaf.type) return false;
  const text = Buffer.from(leaf.bytes.buffer, leaf.bytes.byteOffset, leaf.bytes.byteLength).toString('latin1').trim();
  return Buffer.from(own.bytes.buffer, own.bytes.byteOffset, own.bytes.byteLength).includes(text, 0, 'latin1');
}

/** Only what a file consists of: white space and soft breaks are where quoted-printable decoders differ. */
const squeeze = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/[\s=]+/g, '');

const isBlank = (bytes: Uint8Array): boolean => bytes.length < 64 && squeeze(bytes) === '';

const asLeaf = (leaf: SecondLeaf): Leaf => ({
  kind: 'leaf',
  path: 'u',
  header: [],
  contentType: { type: leaf.type || 'text/plain', params: {} },
  disposition: leaf.disposition,
  untrustedNames: leaf.untrustedName === '' ? [] : [leaf.untrustedName],
  contentId: '',
  encoding: 'identity',
  charset: '',
  within: [],
  bytes: leaf.bytes,
  start: 0,
  end: 0,
  seenBy: 'second',
});
