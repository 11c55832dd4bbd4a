/** The child's work done in a test's own process, watched: messages with what their reports promise. */
import * as real from '../../../../src/sanitize/sanitize.ts';
import { keepMessage, withNoise } from '../collector.ts';

export * from '../../../../src/sanitize/sanitize.ts';

export const sanitizeMessage: typeof real.sanitizeMessage = async (...args) => {
  const answer = await real.sanitizeMessage(...args);
  keepMessage(withNoise(answer.bytes), answer.report);
  return answer;
};

export const composeNotice: typeof real.composeNotice = async (...args) => {
  const answer = await real.composeNotice(...args);
  keepMessage(withNoise(answer.bytes), answer.report);
  return answer;
};
