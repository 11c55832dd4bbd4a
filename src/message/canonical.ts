/**
 * Canonical JSON: one value, one text, so that hashes and signatures can be made over it. As RFC 8785 (keys sorted by
 * UTF-16 units, no spaces, strings escaped as JSON.stringify does), but numbers are safe integers only: how a fraction
 * is written is where implementations differ.
 */

export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** @throws RangeError for a number that is not a safe integer. */
export function canonicalJson(value: CanonicalValue): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return integer(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`canonical JSON has safe integers only, not ${value}`);
  // RFC 8785 §3.2.2.3: −0 is written 0.
  return String(value === 0 ? 0 : value);
}

/** Array.isArray does not narrow readonly arrays (TypeScript issue 17002). */
const isArray = (value: object): value is readonly CanonicalValue[] => Array.isArray(value);
