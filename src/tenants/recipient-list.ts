/**
 * The addresses of a tenant, one a line, from a file that the municipality exports. `#` starts a comment line; UTF-8,
 * LF or CRLF, a byte order mark is allowed. There are no patterns: what is not written does not exist.
 *
 * The file is read again when it changes. A list that is missing, empty or has a wrong line is not taken: the last good
 * one stays in force with a warning, since a half-written export would turn real people away for good.
 */
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { GatewayError } from '../message/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { addressKey, splitAddress } from './address.ts';

/** A hundred bytes an address makes this 600,000 people. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const ADDRESS = /^[a-z0-9!#$&'*+\-/=?^_`{|}~.]{1,64}@[a-z0-9.-]{1,253}$/i;

/** How often the file is looked at, and how long it must have rested: whoever writes it may still be writing. */
export interface ListTiming {
  readonly lookMs: number;
  readonly settleMs: number;
}

export const LIST_TIMING: ListTiming = { lookMs: 2000, settleMs: 1000 };

export interface ListSource {
  readonly tenant: string;
  readonly file: string;
  readonly domains: ReadonlySet<string>;
}

export class RecipientList {
  readonly #source: ListSource;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #timing: ListTiming;
  #addresses: ReadonlyMap<string, string>;
  #version: string;
  #nextLookMs: number;
  #looking: Promise<void> | undefined;

  /** @throws GatewayError E_CONFIG_INVALID naming file and line. */
  constructor(source: ListSource, log: Log, now: () => number, timing: ListTiming = LIST_TIMING) {
    this.#source = source;
    this.#log = log;
    this.#now = now;
    this.#timing = timing;
    this.#addresses = readAtStart(source);
    this.#version = versionOf(statSync(source.file));
    this.#nextLookMs = now() + timing.lookMs;
  }

  /** The address as the list spells it, or undefined. @param key see addressKey. */
  async find(key: string): Promise<string | undefined> {
    const waitMs = this.#nextLookMs - this.#now();
    // A longer wait than there can be: the clock was set back.
    if (waitMs <= 0 || waitMs > this.#timing.lookMs) {
      this.#looking ??= this.#look();
      await this.#looking;
    }
    return this.#addresses.get(key);
  }

  async #look(): Promise<void> {
    try {
      await this.#readChanged();
    } catch (error) {
      const line = error instanceof BadLine ? error.line : undefined;
      this.#log.warn('recipient-list-kept', { tenant: this.#source.tenant, code: codeOf(error), line });
    } finally {
      this.#nextLookMs = this.#now() + this.#timing.lookMs;
      this.#looking = undefined;
    }
  }

  async #readChanged(): Promise<void> {
    const stats = await stat(this.#source.file);
    const version = versionOf(stats);
    const restedMs = this.#now() - stats.mtimeMs;
    if (version === this.#version || (restedMs >= 0 && restedMs < this.#timing.settleMs)) return;
    if (stats.size > MAX_FILE_BYTES) throw new BadLine(0, 'file too large');
    this.#version = version;
    this.#addresses = parseList(await readFile(this.#source.file, 'utf8'), this.#source.domains);
    this.#log.info('recipient-list-read', { tenant: this.#source.tenant, addresses: this.#addresses.size });
  }
}

interface FileVersion {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

const versionOf = ({ ino, size, mtimeMs }: FileVersion): string => `${ino}:${size}:${mtimeMs}`;

function readAtStart({ tenant, file, domains }: ListSource): ReadonlyMap<string, string> {
  const key = `tenants.${tenant}.recipients.file`;
  try {
    return parseList(readFileSync(file, 'utf8'), domains);
  } catch (cause) {
    const why = cause instanceof BadLine ? `${cause.message}, line ${cause.line}` : codeOf(cause);
    throw new GatewayError('E_CONFIG_INVALID', `${key}: ${file}: ${why}`, { key }, { cause });
  }
}

class BadLine extends Error {
  readonly line: number;
  constructor(line: number, why: string) {
    super(why);
    this.line = line;
  }
}

/** @returns addresses as spelled, by key. @throws BadLine, also for an empty list. */
export function parseList(text: string, domains: ReadonlySet<string>): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  text
    .replace(/^\ufeff/, '')
    .split('\n')
    .forEach((raw, index) => {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) return;
      const split = ADDRESS.test(line) ? splitAddress(line) : undefined;
      if (split === undefined) throw new BadLine(index + 1, 'not a mail address');
      if (!domains.has(split.domain)) throw new BadLine(index + 1, 'not in a domain of this tenant');
      addresses.set(addressKey(split), `${split.local}@${split.domain}`);
    });
  if (addresses.size === 0) throw new BadLine(1, 'no address in the list');
  return addresses;
}

const codeOf = (error: unknown): string => {
  if (error instanceof BadLine) return error.message;
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
};
