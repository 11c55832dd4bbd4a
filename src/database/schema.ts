/**
 * Tables, as Kysely sees them. What the columns mean stands here; migrations.ts creates them.
 * In the clear stand only addresses, subject, file and host names and the like; body and attachments never.
 * Times: Unix milliseconds (INTEGER). Hashes: lower-case hex. JSON: text.
 */
import type { RecipientState } from '../message/states.ts';

export interface Schema {
  message: MessageTable;
  recipient: RecipientTable;
  part: PartTable;
  object: ObjectTable;
  job: JobTable;
  audit_entry: AuditEntryTable;
  address_check: AddressCheckTable;
}

/** One accepted message of one tenant under one policy. */
export interface MessageTable {
  id: string;
  tenant: string;
  policy: string;
  /** 'mail' came from outside; 'notice' was written by us to an administrator. */
  kind: 'mail' | 'notice';
  reverse_path: string;
  peer_address: string;
  untrusted_helo: string;
  tls: string;
  received_at: number;
  /** Bytes and SHA-256 of the original in the clear; '' for a notice. */
  bytes: number;
  sha256: string;
  original_object: string | null;
  sanitized_object: string | null;
  preview_object: string | null;
  /** 16 random bytes, hex: salt of the receipt's recipient digest. */
  recipient_salt: string | null;
  policy_version: string | null;
  /** How the recipients will end: set with the sanitized message. */
  ends_as: 'delivered' | 'delivered-with-hold' | 'held' | null;
  hold_reason: string | null;
  untrusted_subject: string | null;
  untrusted_from: string | null;
  untrusted_message_id: string | null;
  /** report.json without the texts of the body (those are in the preview object). */
  report: string | null;
  /** For a notice: which message it is about. */
  about_message: string | null;
  updated_at: number;
}

export interface RecipientTable {
  message_id: string;
  address: string;
  state: RecipientState;
  /** Last reply of the next hop, printable ASCII, at most 512 characters. */
  last_reply: string;
  attempts: number;
  updated_at: number;
}

/** Facts of one attachment, for search. */
export interface PartTable {
  message_id: string;
  path: string;
  untrusted_name: string;
  detected_type: string;
  bytes: number;
  sha256: string;
  outcome: string;
  reason: string | null;
}

export interface ObjectTable {
  id: string;
  tenant: string;
  kind: 'original' | 'sanitized' | 'preview';
  sealed_to: 'sanitizer' | 'outlet-lgwan' | 'admin';
  bytes: number;
  sha256: string;
  created_at: number;
}

export interface JobTable {
  id: string;
  kind: 'process' | 'deliver' | 'notice' | 'probe';
  tenant: string;
  message_id: string | null;
  lane: 'light' | 'heavy';
  payload: string;
  state: 'waiting' | 'leased' | 'done' | 'held';
  due_at: number;
  attempts: number;
  lease_owner: string | null;
  lease_until: number | null;
  /** Fencing token: grows with each lease; a holder of an older one cannot finish the job. */
  fence: number;
  last_error: string;
  created_at: number;
}

export interface AuditEntryTable {
  /** Writing process and tenant, like 'intake@main/chuo'. */
  chain: string;
  seq: number;
  at: number;
  tenant: string;
  event: string;
  message_id: string | null;
  /** Canonical JSON of the facts. */
  facts: string;
  previous: string;
  hash: string;
  key_id: string;
  signature: string;
}

/** Cached answers about addresses: from the outlet's probes. */
export interface AddressCheckTable {
  address: string;
  tenant: string;
  verdict: 'exists' | 'unknown' | 'undecided';
  checked_at: number;
  valid_until: number;
}
