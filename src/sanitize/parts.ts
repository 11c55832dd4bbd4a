/**
 * One file of a message through detect, decide and convert, and what the report says of it.
 *
 * Every way this can end is a value: a converter's failure is caught in the registry, what killed a child before is not
 * opened again, and the budgets of the whole message (time, bytes written) are looked at before each file.
 */
import { createHash } from 'node:crypto';
import type { FileType } from '../message/file-type.ts';
import type { BlockReason } from '../message/outcome.ts';
import type { AttachmentReport } from '../message/report.ts';
import type { Policy } from '../policy/policy.ts';
import { cleanLine } from './body/characters.ts';
import { blocked, type Conversion, type SafeFile } from './converter.ts';
import { detect } from './detect/detect.ts';
import { converters } from './formats/index.ts';
import { createRegistry } from './registry.ts';

/** A file as it stands in the message, or the one document of an offline run. */
export interface Part {
  readonly path: string;
  readonly untrustedName: string;
  /** Where the part's fields name it differently: the others. */
  readonly otherUntrustedNames: readonly string[];
  readonly untrustedCharset: string;
  readonly declaredType: string;
  readonly bytes: Uint8Array;
  /** Set when the file must not be opened, whatever it is. */
  readonly heldFor?: { readonly reason: BlockReason; readonly detail: string };
}

export interface ConvertedPart {
  readonly part: Part;
  readonly detectedType: FileType;
  readonly conversion: Conversion;
}

/** What all files of one message share. */
export interface Budget {
  readonly policy: Policy;
  readonly passwords: readonly string[];
  /** performance.now() at which the message's time is up. */
  readonly deadline: number;
  /** Bytes that may still be written. */
  outputBytesLeft: number;
}

const registry = createRegistry(converters);

/** @param onPart called right before the file is opened, so that the parent knows what killed us */
export async function convertPart(part: Part, budget: Budget, onPart: (path: string) => void): Promise<ConvertedPart> {
  if (part.heldFor !== undefined) {
    return { part, detectedType: 'unknown', conversion: blocked(part.heldFor.reason, part.heldFor.detail) };
  }
  const { policy, passwords } = budget;
  if (performance.now() >= budget.deadline) {
    return {
      part,
      detectedType: 'unknown',
      conversion: blocked('timeout', 'maxMessageMs: no time left for this file'),
    };
  }
  onPart(part.path);
  const { untrustedName, otherUntrustedNames, untrustedCharset, declaredType, bytes } = part;
  const type = await detect(bytes, { untrustedName, otherUntrustedNames, declaredType });
  const deadline = Math.min(budget.deadline, performance.now() + policy.limits.documentMs);
  const conversion = await registry.convertFile(
    { type, untrustedName, untrustedCharset, bytes },
    { policy, passwords, deadline },
  );
  return { part, detectedType: type, conversion: withinBudget(conversion, budget) };
}

function withinBudget(conversion: Conversion, budget: Budget): Conversion {
  if (conversion.kind !== 'converted') return conversion;
  const bytes = conversion.files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes > budget.outputBytesLeft) return blocked('limit-exceeded', 'maxOutputBytes of the whole message');
  budget.outputBytesLeft -= bytes;
  return conversion;
}

/** @param names final names of this part's files, in order */
export function partReport(
  { part, detectedType, conversion }: ConvertedPart,
  names: readonly string[],
): AttachmentReport {
  const files = filesOf(conversion);
  return {
    path: part.path,
    untrustedName: cleanLine(part.untrustedName, 500),
    declaredType: cleanLine(part.declaredType, 200),
    detectedType,
    bytes: part.bytes.length,
    sha256: sha256(part.bytes),
    outcome: conversion.kind === 'converted' ? conversion.outcome : conversion.kind,
    ...(conversion.kind === 'blocked' ? { reason: conversion.reason } : {}),
    ...(conversion.detail === undefined ? {} : { detail: cleanLine(conversion.detail, 500) }),
    outputs: files.map((file, i) => ({
      name: names[i] ?? '',
      type: file.type,
      bytes: file.bytes.length,
      sha256: sha256(file.bytes),
      ...(file.pages === undefined ? {} : { pages: file.pages }),
    })),
    removed: conversion.kind === 'converted' ? conversion.removed : [],
  };
}

export const filesOf = (conversion: Conversion): readonly SafeFile[] =>
  conversion.kind === 'converted' ? conversion.files : [];

/** Names of the limits that the files met. */
export const limitsOf = (parts: readonly ConvertedPart[]): readonly string[] =>
  parts.flatMap(({ conversion }) => (conversion.kind === 'converted' ? (conversion.limits ?? []) : []));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
