import type { Removal } from '../../../message/outcome.ts';
import type { TiffPages } from './directory.ts';

/** What the report says is gone. */
export const removalsOf = ({ metadata }: TiffPages): readonly Removal[] =>
  metadata > 0 ? [{ what: 'metadata', count: metadata }] : [];
