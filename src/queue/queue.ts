/**
 * Durable jobs, in the same database as the messages so that a message and its job commit together.
 *
 * Promises (test/contract/queue.ts spells them out): `put` with an id that is already there does nothing; a leased job
 * is invisible to others until its lease ends; `done` and `retry` succeed only for the holder of the newest fencing
 * token, otherwise they throw E_LEASE_LOST and the caller's transaction rolls back.
 */
import type { Database, Tx } from '../database/database.ts';

export type JobKind = 'process' | 'deliver' | 'notice' | 'probe';
export type Lane = 'light' | 'heavy';

export interface NewJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly tenant: string;
  readonly messageId: string | null;
  readonly lane: Lane;
  /** JSON; its shape belongs to the kind. */
  readonly payload: string;
}

export interface LeasedJob extends NewJob {
  /** How often it has been taken, this time included. */
  readonly attempts: number;
  readonly fence: number;
  /** Unix ms at which it was created: age decides when to give up. */
  readonly createdAtMs: number;
}

export interface TakeRequest {
  readonly kinds: readonly JobKind[];
  readonly lanes: readonly Lane[];
  readonly limit: number;
  readonly leaseMs: number;
  /** Name of the worker, for `queue list`. */
  readonly owner: string;
}

export interface Queue {
  put(tx: Tx, jobs: readonly NewJob[], dueAtMs: number): Promise<void>;
  /** The jobs due longest, fair between tenants; empty when nothing is due. */
  take(request: TakeRequest, nowMs: number): Promise<readonly LeasedJob[]>;
  /** False when the lease was lost: stop working. */
  renew(job: LeasedJob, leaseMs: number, nowMs: number): Promise<boolean>;
  /** `renew` inside a transaction, for a step whose effect lies outside the database. @throws GatewayError E_LEASE_LOST */
  confirm(tx: Tx, job: LeasedJob, leaseMs: number, nowMs: number): Promise<void>;
  done(tx: Tx, job: LeasedJob): Promise<void>;
  retry(tx: Tx, job: LeasedJob, dueAtMs: number, reason: string): Promise<void>;
  /** Parks a job for a person: it is not taken until released. */
  hold(tx: Tx, job: LeasedJob, reason: string): Promise<void>;
  /**
   * Makes due what waits beyond `latestMs`: no honest wait is that long, so the clock ran ahead when it was written and
   * has been set back since. @returns how many jobs.
   */
  advance(tx: Tx, kinds: readonly JobKind[], latestMs: number, nowMs: number): Promise<number>;
  /** Unix ms of the next moment something is due or a lease ends; undefined when the queue is empty. */
  nextDueMs(kinds: readonly JobKind[]): Promise<number | undefined>;
}

export type OpenQueue = (database: Database) => Queue;
