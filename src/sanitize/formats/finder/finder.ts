/**
 * What macOS puts beside files in its archives (AppleDouble `._name`, `.DS_Store`) → nothing.
 *
 * Danger: resource forks may hold anything. Method: taken out and counted, so that an everyday ZIP from a Mac is not held.
 * Kept: nothing; the files themselves are entries of their own. Lost: icons, window positions, attributes.
 */
import type { Converter } from '../../converter.ts';

export const finder: Converter = {
  name: 'finder',
  accepts: ['finder-data'],
  documentation: {
    danger: 'resource forks that may hold anything',
    method: 'taken out and counted as metadata',
    kept: 'nothing: the files they belong to are entries of their own',
    lost: 'icons, window positions, extended attributes',
  },

  convert: async () => ({
    kind: 'container',
    entries: [],
    files: [],
    outcome: 'rebuilt',
    untrustedStem: '',
    removed: [{ what: 'metadata', count: 1 }],
  }),
};
