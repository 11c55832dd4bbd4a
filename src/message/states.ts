/** The words of design.md §2 for messages and recipients. */

export const RECIPIENT_STATES = [
  'accepted',
  'sanitizing',
  'ready',
  'delivering',
  'delivered',
  'delivered-with-hold',
  'held',
  'undeliverable',
  'expired',
] as const;

export type RecipientState = (typeof RECIPIENT_STATES)[number];

/** States that end a recipient's story; exactly one is reached. */
export const END_STATES: ReadonlySet<RecipientState> = new Set([
  'delivered',
  'delivered-with-hold',
  'held',
  'undeliverable',
  'expired',
]);

/** From best to worst: the message shows the worst of its recipients. Unfinished work counts as worse than a success. */
const SEVERITY: readonly RecipientState[] = [
  'delivered',
  'delivered-with-hold',
  'held',
  'delivering',
  'ready',
  'sanitizing',
  'accepted',
  'expired',
  'undeliverable',
];

/** The state a message shows, given its recipients' states. @throws RangeError when there is none. */
export function worstOf(states: readonly RecipientState[]): RecipientState {
  const worst = Math.max(...states.map((state) => SEVERITY.indexOf(state)));
  const state = SEVERITY[worst];
  if (state === undefined) throw new RangeError('a message has at least one recipient');
  return state;
}
