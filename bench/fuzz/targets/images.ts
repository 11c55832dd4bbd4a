/** Pictures of every format that is converted; one instance of an engine a picture, as in the product. */
import { DEFAULT_LIMITS } from '../../../src/policy/policy.ts';
import { throughAttachment } from '../attached.ts';
import { changedImage, withImageWord } from '../mutate/image.ts';
import { corpusFiles, fixtureFiles } from '../seeds.ts';
import type { Target } from '../target.ts';

const MAX_BYTES = 3072;
/** Two million pixels are a page of a fax: more says nothing new and costs much. */
const LIMITS = { ...DEFAULT_LIMITS, maxMegapixels: 2 };
const TYPES = /^(?:jpeg|png|gif|webp|bmp|tiff|heic|svg|ico|jp2|psd)$/;

export const images: Target = {
  name: 'images',
  rooms: /^(?:sanitize\/(?:formats\/(?:image|tiff|heic|svg)\/|engines\/images\/)|inspect\/(?:png|jpeg|fax))/,
  isText: false,
  dearMs: 400,
  slowMs: 15_000,
  hungMs: 60_000,
  wanted: 50_000,
  seeds: async (shared) => [
    ...fixtureFiles('image', /(?<!bomb)\.(?:png|jpg|gif|webp|bmp|ico|jp2|psd)$/, MAX_BYTES),
    ...fixtureFiles('tiff', /\.tif$/, 6000),
    ...fixtureFiles('heic', /\.(?:heic|avif)$/, MAX_BYTES),
    ...fixtureFiles('svg', /\.svg$/, MAX_BYTES),
    ...corpusFiles(shared, /^image/, MAX_BYTES),
  ],
  mutate: changedImage,
  execute: (input, scrutiny) =>
    throughAttachment(input, scrutiny, {
      name: 'a.bin',
      types: TYPES,
      plant: withImageWord,
      policy: { limits: LIMITS },
    }),
};
