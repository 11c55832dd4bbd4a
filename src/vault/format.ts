/**
 * Format version 1 of the vault: what stands at the head of every share and key share (docs/vault-format.md). Fixed:
 * golden objects in fixtures/vault/v1 must open for ever.
 *
 * Head: 4 bytes magic, 1 byte version, 1 byte 0, 2 bytes length of the JSON (big-endian), JSON in UTF-8 with exactly
 * these keys in this order. The JSON is read back strictly: what is not byte for byte what we would write is refused.
 */
import { z } from 'zod';
import { isId } from '../message/ids.ts';
import type { ObjectRef } from './vault.ts';

export const FORMAT_VERSION = 1;

export type Part = 'share' | 'key';

const MAGIC: Readonly<Record<Part, string>> = { share: 'SKVS', key: 'SKVK' };
const FIXED_BYTES = 8;

/** Longest head there can be: 16 stores with names of 31 characters, and room. Readers fetch this much first. */
export const MAX_HEADER_BYTES = 2048;

/** What all shares of an object agree about. */
export interface ObjectHeader extends ObjectRef {
  readonly sealedTo: 'sanitizer' | 'outlet-lgwan' | 'admin';
  /** Public key to which the data key was wrapped. */
  readonly keyId: string;
  /** Shares needed. */
  readonly k: number;
  /** Shares made. */
  readonly n: number;
  /** Store names in the order of the indexes. */
  readonly stores: readonly string[];
  /** Shamir coordinate of each key share, in the order of the indexes; no secret. A lost one is rebuilt in its place. */
  readonly x: readonly number[];
}

export interface ShareHeader extends ObjectHeader {
  /** 0 … n−1. */
  readonly index: number;
}

const IDENTIFIER = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** The rule of config/schema.ts for tenants and stores. */
export const isTenant = (text: string): boolean => IDENTIFIER.test(text);

const schema = z
  .strictObject({
    objectId: z.string().refine(isId),
    tenant: z.string().regex(IDENTIFIER),
    kind: z.enum(['original', 'sanitized', 'preview']),
    sealedTo: z.enum(['sanitizer', 'outlet-lgwan', 'admin']),
    keyId: z.string().regex(/^[0-9a-f]{16}$/),
    k: z.int().min(2).max(16),
    n: z.int().min(2).max(16),
    stores: z.array(z.string().regex(IDENTIFIER)),
    x: z.array(z.int().min(1).max(255)),
    index: z.int().min(0).max(15),
  })
  .refine(({ k, n, stores, x, index }) => k <= n && stores.length === n && x.length === n && index < n)
  .refine(({ n, stores, x }) => new Set(stores).size === n && new Set(x).size === n);

export function encodeHeader(part: Part, header: ShareHeader): Buffer {
  const { objectId, tenant, kind, sealedTo, keyId, k, n, stores, x, index } = header;
  const json = Buffer.from(JSON.stringify({ objectId, tenant, kind, sealedTo, keyId, k, n, stores, x, index }));
  const head = Buffer.alloc(FIXED_BYTES + json.length);
  head.write(MAGIC[part], 'latin1');
  head[4] = FORMAT_VERSION;
  head.writeUInt16BE(json.length, 6);
  json.copy(head, FIXED_BYTES);
  return head;
}

/** The header and its bytes, or undefined when they are not what `encodeHeader` writes. */
export function parseHeader(part: Part, bytes: Buffer): { header: ShareHeader; raw: Buffer } | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const raw = bytes.subarray(0, FIXED_BYTES + bytes.readUInt16BE(6));
  const header = parseJson(raw.toString('utf8', FIXED_BYTES));
  return header !== undefined && encodeHeader(part, header).equals(raw) ? { header, raw } : undefined;
}

function parseJson(text: string): ShareHeader | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Equal for all shares of one object: shares that differ in it are never mixed. */
export const agreementOf = (header: ShareHeader): string => JSON.stringify({ ...header, index: undefined });

export const isOf = (header: ObjectHeader, ref: ObjectRef): boolean =>
  header.objectId === ref.objectId && header.tenant === ref.tenant && header.kind === ref.kind;
