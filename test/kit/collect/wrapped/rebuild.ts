/** The way through jail and gate, watched: messages with what their reports promise, and files of documents. */
import * as real from '../../../../src/flow/rebuild.ts';
import { keepFile, keepMessage } from '../collector.ts';

export * from '../../../../src/flow/rebuild.ts';

export const rebuildMessage: typeof real.rebuildMessage = async (...args) => {
  const rebuilt = await real.rebuildMessage(...args);
  if (rebuilt.kind === 'passed') keepMessage(rebuilt.bytes, rebuilt.report);
  return rebuilt;
};

export const writeNotice: typeof real.writeNotice = async (...args) => {
  const passed = await real.writeNotice(...args);
  keepMessage(passed.bytes, passed.report);
  return passed;
};

export const rebuildDocument: typeof real.rebuildDocument = async (...args) => {
  const rebuilt = await real.rebuildDocument(...args);
  if (rebuilt.kind === 'passed') {
    for (const { type, bytes } of rebuilt.files) keepFile(bytes, () => type === 'csv');
  }
  return rebuilt;
};
