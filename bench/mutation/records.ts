/**
 * What a whole run of a room's files saw, kept in docs/evidence/mutation: so the rooms need not be run in one go. A record
 * says of which commit and when, and knows the files and tests by their content: what changed since is no evidence.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Room } from './rooms.ts';
import type { MutationRun } from './run.ts';
import { type FileScore, isSurvivor, scoresOf, survivorKey } from './table.ts';

const FOLDER = 'docs/evidence/mutation';

export interface RoomRecord {
  readonly room: string;
  readonly commit: string;
  /** UTC, to the minute. */
  readonly date: string;
  readonly seconds: number;
  readonly tests: number;
  readonly scores: readonly FileScore[];
  /** SHA-256 of each file and judging test, by path. */
  readonly digests: Readonly<Record<string, string>>;
  /** Keys of survivors (table.ts). */
  readonly survivors: readonly string[];
}

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);

/** To be asked before the run: what is changed meanwhile was not judged. */
export const digestsOf = (root: string, room: Room): Readonly<Record<string, string>> =>
  Object.fromEntries([...room.files, ...room.tests].map((file) => [file, digestOf(join(root, file))]));

export function recordOf(
  root: string,
  room: Room,
  run: MutationRun,
  digests: Readonly<Record<string, string>>,
): RoomRecord {
  const commit = execFileSync('git', ['-C', root, 'log', '-1', '--format=%h'], { encoding: 'utf8' }).trim();
  return {
    room: room.name,
    commit,
    date: `${new Date().toISOString().slice(0, 16)}Z`,
    seconds: Math.round(run.seconds),
    tests: run.tests,
    scores: scoresOf(run.judged),
    digests,
    survivors: run.judged.filter(isSurvivor).map(survivorKey),
  };
}

/** The files and tests of the room that are not what the record saw: changed, new or gone. */
export function changedSince(root: string, room: Room, { digests }: RoomRecord): readonly string[] {
  const today = digestsOf(root, room);
  return [...new Set([...Object.keys(today), ...Object.keys(digests)])].filter((file) => today[file] !== digests[file]);
}

const pathOf = (root: string, room: string): string => join(root, FOLDER, `${room.replace(/[^a-z]+/g, '-')}.json`);

export function keepRecord(root: string, record: RoomRecord): void {
  mkdirSync(join(root, FOLDER), { recursive: true });
  writeFileSync(pathOf(root, record.room), `${JSON.stringify(record, undefined, 1)}\n`);
}

/** Undefined when the room was never run whole. */
export function keptRecord(root: string, room: string): RoomRecord | undefined {
  const path = pathOf(root, room);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RoomRecord) : undefined;
}
