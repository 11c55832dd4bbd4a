/** What stands in a job's `payload`: JSON of our own, yet read from a file that others may have written. */
import { z } from 'zod';
import { GatewayError } from '../message/errors.ts';
import type { NoticeJob } from '../message/jobs.ts';
import { HOLD_REASONS } from '../message/outcome.ts';
import type { LeasedJob } from '../queue/queue.ts';

/** RFC 5321 §4.5.3.1.3: a path has at most 256 octets. */
const address = z.string().min(1).max(256);

const probeSchema = z.strictObject({ address });

export type ProbePayload = z.infer<typeof probeSchema>;

const about = z.strictObject({
  messageId: z.string().max(64),
  reversePath: z.string().max(256),
  receivedAtMs: z.int().nonnegative(),
});

const noticeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('message-held'), reason: z.enum(HOLD_REASONS) }),
  z.strictObject({
    kind: z.literal('undeliverable'),
    about,
    failed: z.array(z.strictObject({ recipient: address, reply: z.string().max(512) })).min(1),
  }),
  z.strictObject({ kind: z.literal('too-large'), about }),
]);

/** @throws GatewayError E_JOB_UNREADABLE */
export const readProbe = (job: LeasedJob): ProbePayload => read(probeSchema, job);

/** @throws GatewayError E_JOB_UNREADABLE */
export const readNotice = (job: LeasedJob): NoticeJob['notice'] => read(noticeSchema, job);

function read<T>(schema: z.ZodType<T>, { id, payload }: LeasedJob): T {
  const parsed = schema.safeParse(jsonOf(payload));
  if (parsed.success) return parsed.data;
  throw new GatewayError('E_JOB_UNREADABLE', 'a job has a payload of another form', { job: id });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
