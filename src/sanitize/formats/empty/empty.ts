/**
 * A file without a single byte → nothing, counted.
 *
 * Danger: none; but «cannot be made safe» would frighten the reader of an ordinary archive, in which empty files are common.
 * Method: taken out and told among what was taken out. Kept: nothing, as there is nothing. Lost: its name.
 */
import type { Converter } from '../../converter.ts';

export const empty: Converter = {
  name: 'empty',
  accepts: ['empty'],
  documentation: {
    danger: 'none',
    method: 'told as an empty file',
    kept: 'nothing: there is nothing in it',
    lost: 'nothing; its name is told',
  },

  convert: async () => ({
    kind: 'container',
    entries: [],
    files: [],
    outcome: 'rebuilt',
    untrustedStem: '',
    removed: [{ what: 'empty-file', count: 1 }],
  }),
};
