/**
 * The queue in the table `job`.
 *
 * One rule keeps it simple: `due_at` is the moment from which a job may be taken. For a waiting job that is when it is
 * due, for a leased one the end of its lease. So one index (job_open) answers all questions, and an expired lease needs
 * no sweeper. The index holds open jobs only and leads to each tenant's first job in one step, however many are done
 * and however long another tenant's line is.
 */
import { CompiledQuery, type Kysely } from 'kysely';
import type { Database, Tx } from '../database/database.ts';
import type { JobTable, Schema } from '../database/schema.ts';
import { GatewayError } from '../message/errors.ts';
import type { JobKind, Lane, LeasedJob, OpenQueue, TakeRequest } from './queue.ts';
import { Turns } from './turns.ts';

const LANES: readonly Lane[] = ['light', 'heavy'];

/** Characters of a reason kept in `last_error`: a line of a terminal or two. */
const MAX_REASON = 500;

/** The words of the partial index job_open; SQLite uses it only for the same words. */
const OPEN = "state in ('waiting', 'leased')";

/** One tenant's line of one kind and lane, and when its first job may be taken. */
interface Line {
  readonly kind: JobKind;
  readonly lane: Lane;
  readonly tenant: string;
  /** Unix ms. */
  readonly due: number;
}

export const openQueue: OpenQueue = (database: Database) => {
  const turns = new Turns();

  return {
    async put(tx, jobs, dueAtMs) {
      if (jobs.length === 0) return;
      const rows = jobs.map((job) => ({
        id: job.id,
        kind: job.kind,
        tenant: job.tenant,
        message_id: job.messageId,
        lane: job.lane,
        payload: job.payload,
        state: 'waiting' as const,
        due_at: dueAtMs,
        attempts: 0,
        fence: 0,
        last_error: '',
        // A job is as old as its first due time: one put for later does not grow old before it may run.
        created_at: dueAtMs,
      }));
      await tx
        .insertInto('job')
        .values(rows)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },

    async take(request, nowMs) {
      // A look first: an idle queue never asks for the write lock.
      const open = await openLines(database.read, request.kinds, request.lanes);
      const due = open.filter((line) => line.due <= nowMs);
      if (due.length === 0) return [];
      const taken = await database.write((tx) => lease(tx, due, request, nowMs, turns));
      for (const job of taken) turns.served(job.tenant);
      return taken;
    },

    renew: (job, leaseMs, nowMs) => database.write((tx) => extend(tx, job, nowMs + leaseMs)),

    async confirm(tx, job, leaseMs, nowMs) {
      if (!(await extend(tx, job, nowMs + leaseMs))) throw leaseLost(job);
    },

    async done(tx, job) {
      await finish(tx, job, { state: 'done' });
    },

    async retry(tx, job, dueAtMs, reason) {
      await finish(tx, job, { state: 'waiting', due_at: dueAtMs, last_error: reason.slice(0, MAX_REASON) });
    },

    async hold(tx, job, reason) {
      await finish(tx, job, { state: 'held', last_error: reason.slice(0, MAX_REASON) });
    },

    async advance(tx, kinds, latestMs, nowMs) {
      const { numUpdatedRows } = await tx
        .updateTable('job')
        .set({ due_at: nowMs })
        .where('state', 'in', ['waiting', 'leased'])
        .where('kind', 'in', kinds)
        .where('due_at', '>', latestMs)
        .executeTakeFirst();
      return Number(numUpdatedRows);
    },

    async nextDueMs(kinds) {
      const open = await openLines(database.read, kinds, LANES);
      return open.length === 0 ? undefined : Math.min(...open.map((line) => line.due));
    },
  };
};

/** Leases up to `limit` jobs: one of each tenant in turn, each tenant's in the order of their due times. */
async function lease(
  tx: Tx,
  due: readonly Line[],
  request: TakeRequest,
  nowMs: number,
  turns: Turns,
): Promise<readonly LeasedJob[]> {
  const lineUps: LineUp[] = [];
  for (const tenant of turns.order(tenantsByDue(due))) {
    const lines = due.filter((line) => line.tenant === tenant);
    const lineUp = await firstJobs(tx, lines, request.limit, nowMs);
    // Others may have emptied the line since the look; then the next tenant's is asked.
    if (lineUp.length > 0) lineUps.push(lineUp);
    if (lineUps.length === request.limit) break;
  }
  const leased: LeasedJob[] = [];
  for (const id of interleave(lineUps, request.limit)) leased.push(await leaseOne(tx, id, request, nowMs));
  return leased;
}

/** Ids of one tenant's due jobs, first first. */
type LineUp = readonly string[];

const tenantsByDue = (due: readonly Line[]): readonly string[] => [
  ...new Set([...due].sort((a, b) => a.due - b.due).map((line) => line.tenant)),
];

function interleave(lineUps: readonly LineUp[], limit: number): readonly string[] {
  const rounds = Math.max(0, ...lineUps.map((lineUp) => lineUp.length));
  const ids: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const lineUp of lineUps) {
      const id = lineUp[round];
      if (id !== undefined) ids.push(id);
    }
  }
  return ids.slice(0, limit);
}

// The statements of every mail are written out: Kysely would spend longer building them than SQLite running them.

const FIRST_JOBS = `
  select id, due_at from job
  where ${OPEN} and kind = ? and lane = ? and tenant = ? and due_at <= ?
  order by due_at, id limit ?`;

async function firstJobs(tx: Tx, lines: readonly Line[], limit: number, nowMs: number): Promise<LineUp> {
  const found: { readonly id: string; readonly due_at: number }[] = [];
  for (const { kind, lane, tenant } of lines) {
    found.push(...(await rowsOf<{ id: string; due_at: number }>(tx, FIRST_JOBS, [kind, lane, tenant, nowMs, limit])));
  }
  if (lines.length > 1) found.sort((a, b) => a.due_at - b.due_at || (a.id < b.id ? -1 : 1));
  return found.map((row) => row.id);
}

const LEASE = `
  update job set state = 'leased', lease_owner = ?, lease_until = ?, due_at = ?, attempts = attempts + 1, fence = fence + 1
  where id = ?
  returning id, kind, tenant, message_id, lane, payload, attempts, fence, created_at`;

async function leaseOne(tx: Tx, id: string, request: TakeRequest, nowMs: number): Promise<LeasedJob> {
  const leaseUntil = nowMs + request.leaseMs;
  const [row] = await rowsOf<JobTable>(tx, LEASE, [request.owner, leaseUntil, leaseUntil, id]);
  if (row === undefined) throw new GatewayError('E_LEASE_LOST', 'a job vanished while it was taken', { job: id });
  return {
    id: row.id,
    kind: row.kind,
    tenant: row.tenant,
    messageId: row.message_id,
    lane: row.lane,
    payload: row.payload,
    attempts: row.attempts,
    fence: row.fence,
    createdAtMs: row.created_at,
  };
}

/** An update of a job that works only for the holder of its newest fencing token. */
const held = (tx: Tx, job: LeasedJob) =>
  tx.updateTable('job').where('id', '=', job.id).where('state', '=', 'leased').where('fence', '=', job.fence);

async function extend(tx: Tx, job: LeasedJob, leaseUntil: number): Promise<boolean> {
  const { numUpdatedRows } = await held(tx, job)
    .set({ lease_until: leaseUntil, due_at: leaseUntil })
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

const leaseLost = ({ id, fence }: LeasedJob): GatewayError =>
  new GatewayError('E_LEASE_LOST', 'the lease of a job had ended and another took it', { job: id, fence });

type End =
  | { readonly state: 'done' }
  | { readonly state: 'waiting'; readonly due_at: number; readonly last_error: string }
  | { readonly state: 'held'; readonly last_error: string };

async function finish(tx: Tx, job: LeasedJob, end: End): Promise<void> {
  const { numUpdatedRows } = await held(tx, job)
    .set({ ...end, lease_owner: null, lease_until: null })
    .executeTakeFirst();
  if (numUpdatedRows === 1n) return;
  throw leaseLost(job);
}

/**
 * Every tenant's line that has an open job. Jumps in the index from tenant to tenant, never along a line, so it costs
 * the same for one waiting mail as for ten thousand.
 */
async function openLines(
  db: Kysely<Schema>,
  kinds: readonly JobKind[],
  lanes: readonly Lane[],
): Promise<readonly Line[]> {
  const wanted = kinds.flatMap((kind) => lanes.map((lane) => [kind, lane]));
  if (wanted.length === 0) return [];
  const rows = wanted.map(() => '(?, ?)').join(', ');
  return rowsOf<Line>(
    db,
    `with recursive wanted (kind, lane) as (values ${rows}), line (kind, lane, tenant) as (
       select kind, lane, (
         select min(job.tenant) from job where ${OPEN} and job.kind = wanted.kind and job.lane = wanted.lane
       ) from wanted
       union all
       select kind, lane, (
         select min(job.tenant) from job
         where ${OPEN} and job.kind = line.kind and job.lane = line.lane and job.tenant > line.tenant
       ) from line where tenant is not null
     )
     select kind, lane, tenant, (
       select min(due_at) from job
       where ${OPEN} and job.kind = line.kind and job.lane = line.lane and job.tenant = line.tenant
     ) as due from line where tenant is not null`,
    wanted.flat(),
  );
}

async function rowsOf<Row>(
  db: Kysely<Schema>,
  text: string,
  parameters: readonly (string | number)[],
): Promise<readonly Row[]> {
  // The one cast of this file: what the statement selects stands beside each call.
  return (await db.executeQuery(CompiledQuery.raw(text, [...parameters]) as CompiledQuery<Row>)).rows;
}
