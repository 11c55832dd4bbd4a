/**
 * The door towards LGWAN: grammar, inspector, receipt, in this order and nowhere else.
 *
 * Only E_JAIL_UNAVAILABLE (no inspector can be started) is thrown on: nothing was judged, the step is repeated later.
 */
import type { Jail, JailAnswer } from '../jail/jail.ts';
import type { GateVerdict, Pass } from './gate.ts';
import { type Draft, readDraft } from './grammar.ts';
import { type ReceiptFacts, signReceipt } from './receipt.ts';

type FittingDraft = Extract<Draft, { kind: 'fits' }>;

export const passGate: Pass = async (deps, draft, facts, deadlineMs) => {
  const read = readDraft(draft);
  if (read.kind === 'misfit') return { kind: 'refused', by: 'grammar', problems: read.problems };
  if (read.id !== facts.messageId) {
    return { kind: 'refused', by: 'grammar', problems: ['Received names another message than the one in work'] };
  }
  const refusal = await inspectorRefusal(deps.jail, read, facts, deadlineMs);
  if (refusal !== undefined) return refusal;
  return { kind: 'passed', bytes: signReceipt(draft, facts, deps.keys.receiptSigner()) };
};

/** The verdict when the inspector found something or gave no answer; `undefined` when it found every leaf in order. */
async function inspectorRefusal(
  jail: Pick<Jail, 'inspect'>,
  draft: FittingDraft,
  { tenant }: ReceiptFacts,
  deadlineMs: number,
): Promise<GateVerdict | undefined> {
  const answer = await inspectDraft(jail, draft, tenant, deadlineMs);
  if (answer.kind === 'failed') {
    return { kind: 'refused', by: 'inspector-failed', problems: [`${answer.why}: ${answer.detail}`] };
  }
  return answer.value.length === 0 ? undefined : { kind: 'refused', by: 'inspector', problems: answer.value };
}

/** Text body and every file of a message in our grammar, judged by the inspector: a list of problems, or why there is none. */
export function inspectDraft(
  jail: Pick<Jail, 'inspect'>,
  { bodyText, leaves }: FittingDraft,
  tenant: string,
  deadlineMs: number,
): Promise<JailAnswer<readonly string[]>> {
  const files = [{ type: 'text' as const, bytes: bodyText }, ...leaves.map(({ type, bytes }) => ({ type, bytes }))];
  return jail.inspect(files, { tenant, deadlineMs });
}
