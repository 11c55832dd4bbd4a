/** The policies of a configuration, each under a version that changes whenever it does. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../message/canonical.ts';
import { DEFAULT_POLICY, type Policy } from '../policy/policy.ts';
import type { Settings } from './schema.ts';

/** All policies by name; «default» is among them even when the configuration does not mention it. */
export function policiesOf(settings: Pick<Settings, 'policies'>): ReadonlyMap<string, Policy> {
  const named = { default: withoutName(), ...settings.policies };
  return new Map(Object.entries(named).map(([name, policy]) => [name, versioned({ name, ...policy })]));
}

function withoutName(): Settings['policies'][string] {
  const { pdfDpi, links, maxLooseFiles, limits } = DEFAULT_POLICY;
  return { pdfDpi, links, maxLooseFiles, limits };
}

function versioned(policy: Omit<Policy, 'version'>): Policy {
  const { name, pdfDpi, links, maxLooseFiles, limits } = policy;
  const text = canonicalJson({ name, pdfDpi, links, maxLooseFiles, limits: { ...limits } });
  const version = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { ...policy, version };
}
