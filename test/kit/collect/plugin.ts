/** For vitest.config.ts: modules that make outputs are watched (collector.ts). */
import { resolve } from 'node:path';
import { standIn } from './places.ts';

interface Plugin {
  readonly name: string;
  readonly enforce: 'pre';
  resolveId(source: string, importer: string | undefined): string | undefined;
}

export const collecting = (): Plugin => ({
  name: 'sekisho-collect',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !source.startsWith('.')) return undefined;
    const from = importer.replace(/\?.*$/, '');
    return standIn(resolve(from, '..', source), from);
  },
});
