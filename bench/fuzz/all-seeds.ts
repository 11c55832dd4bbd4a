/** Small files of our fixtures under the converter that takes them, for properties over all converters. */
import { detectNow } from '../../src/sanitize/detect/detect.ts';
import { converters } from '../../src/sanitize/formats/index.ts';
import { fixtureFiles } from './seeds.ts';

const MAX_BYTES = 16_000;
const AREAS = ['image', 'tiff', 'heic', 'svg', 'pdf', 'pdf-output', 'archives', 'demo'];

/** By the converter's name. */
export function seedsByConverter(): ReadonlyMap<string, readonly Buffer[]> {
  const files = AREAS.flatMap((area) => fixtureFiles(area, /^(?!.*bomb).*\.(?!ts$|txt$|py$)[a-z0-9]+$/, MAX_BYTES));
  return Map.groupBy(files, (bytes) => {
    const type = detectNow(bytes, { untrustedName: '', declaredType: '' });
    return type === undefined ? '' : (converters.find(({ accepts }) => accepts.includes(type))?.name ?? '');
  });
}
