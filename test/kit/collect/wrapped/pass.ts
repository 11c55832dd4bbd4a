/** The gate, watched: what passed is kept. */
import * as real from '../../../../src/gate/pass.ts';
import { keepMessage } from '../collector.ts';

export * from '../../../../src/gate/pass.ts';

export const passGate: typeof real.passGate = async (...args) => {
  const verdict = await real.passGate(...args);
  if (verdict.kind === 'passed') keepMessage(verdict.bytes);
  return verdict;
};
