/**
 * The schema of schema.ts, version by version. Forward only: a version that was released is never edited, a change is a
 * new entry. The number stands in the file itself (`user_version`), next to a mark that the file is ours.
 *
 * STRICT everywhere: a wrong type is an error, not a surprise. WITHOUT ROWID where rows are small and read by their key:
 * one B-tree less to write and sync at each commit.
 */
import type Sqlite from 'better-sqlite3';
import { GatewayError } from '../message/errors.ts';

/** 'SKSH' in ASCII: PRAGMA application_id of our files. */
const APPLICATION_ID = 0x534b5348;

const VERSION_1 = `
create table message (
  id text primary key not null,
  tenant text not null,
  policy text not null,
  kind text not null,
  reverse_path text not null,
  peer_address text not null,
  untrusted_helo text not null,
  tls text not null,
  received_at integer not null,
  bytes integer not null,
  sha256 text not null,
  original_object text,
  sanitized_object text,
  preview_object text,
  recipient_salt text,
  policy_version text,
  ends_as text,
  hold_reason text,
  untrusted_subject text,
  untrusted_from text,
  untrusted_message_id text,
  report text,
  about_message text,
  updated_at integer not null
) strict;
create index message_by_tenant on message (tenant, received_at, id);
create index message_by_time on message (received_at, id);

create table recipient (
  message_id text not null references message (id) on delete cascade,
  address text not null,
  state text not null,
  last_reply text not null default '',
  attempts integer not null default 0,
  updated_at integer not null,
  primary key (message_id, address)
) strict, without rowid;

create table part (
  message_id text not null references message (id) on delete cascade,
  path text not null,
  untrusted_name text not null,
  detected_type text not null,
  bytes integer not null,
  sha256 text not null,
  outcome text not null,
  reason text,
  primary key (message_id, path)
) strict, without rowid;

create table object (
  id text not null,
  tenant text not null,
  kind text not null,
  sealed_to text not null,
  bytes integer not null,
  sha256 text not null,
  created_at integer not null,
  primary key (id, kind, tenant)
) strict, without rowid;

create table job (
  id text primary key not null,
  kind text not null,
  tenant text not null,
  message_id text,
  lane text not null,
  payload text not null,
  state text not null,
  due_at integer not null,
  attempts integer not null default 0,
  lease_owner text,
  lease_until integer,
  fence integer not null default 0,
  last_error text not null default '',
  created_at integer not null
) strict, without rowid;
-- Only open jobs stand in it, so an idle look costs nothing however many are done. See queue/open.ts.
create index job_open on job (kind, lane, tenant, due_at, id) where state in ('waiting', 'leased');
create index job_by_message on job (message_id) where message_id is not null;

create table audit_entry (
  chain text not null,
  seq integer not null,
  at integer not null,
  tenant text not null,
  event text not null,
  message_id text,
  facts text not null,
  previous text not null,
  hash text not null,
  key_id text not null,
  signature text not null,
  primary key (chain, seq)
) strict, without rowid;
create index audit_by_message on audit_entry (message_id) where message_id is not null;

create table address_check (
  address text not null,
  tenant text not null,
  verdict text not null,
  checked_at integer not null,
  valid_until integer not null,
  primary key (address, tenant)
) strict, without rowid;
`;

/** A mail that a peer sends again is found by its content (flow/duplicate.ts). */
const VERSION_2 = `
create index message_by_content on message (sha256, tenant);
`;

/** Entry n brings a database of version n to version n + 1. */
const MIGRATIONS: readonly string[] = [VERSION_1, VERSION_2];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Version of an open file; 0: empty. @throws GatewayError when the file is another program's or a newer version's. */
export function versionOf(database: Sqlite.Database): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  const mark = Number(database.pragma('application_id', { simple: true }));
  if (version > 0 && mark !== APPLICATION_ID) {
    throw new GatewayError('E_DATABASE_FAILED', `${database.name} is a database of another program; check dataDir`);
  }
  if (version > SCHEMA_VERSION) {
    throw new GatewayError(
      'E_DATABASE_NEWER',
      `${database.name} was written by a newer Sekisho (its version ${version}, ours ${SCHEMA_VERSION}): ` +
        'start that newer version, or restore the backup made before the update',
      { version, ours: SCHEMA_VERSION },
    );
  }
  return version;
}

/** Brings the file to SCHEMA_VERSION, one transaction a step; several processes may try at once. @throws SqliteError when busy. */
export function migrate(database: Sqlite.Database): void {
  while (versionOf(database) < SCHEMA_VERSION) database.transaction(() => step(database)).immediate();
}

function step(database: Sqlite.Database): void {
  // Read again under the lock: another process may have been faster.
  const version = versionOf(database);
  const sql = MIGRATIONS[version];
  if (sql === undefined) return;
  database.exec(sql);
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${version + 1}`);
}
