/**
 * Chooses the converter for a file and turns every surprise into `blocked`.
 *
 * The only place that fails closed, so converters themselves can be plain: unknown type, size, a thrown exception, a
 * deadline that passed and an answer without files all end the same way.
 */
import type { FileType } from '../message/file-type.ts';
import { blockReason, isNeverConverted } from '../policy/decide.ts';
import {
  blocked,
  type Conversion,
  type ConvertContext,
  type Converter,
  type Held,
  type InnerFile,
  type OpenLimits,
  type UntrustedFile,
} from './converter.ts';

export interface Registry {
  /** Never rejects. The policy's limits are checked here, before and after. */
  convertFile(file: UntrustedFile, context: ConvertContext): Promise<Conversion>;
  /** Bytes of a file inside another. Never throws; never more bytes than allowed. */
  openInner(file: InnerFile, limits: OpenLimits): Uint8Array | Held;
}

/** @throws Error when two converters accept one type, or one accepts what is never converted: the program must not start. */
export function createRegistry(converters: readonly Converter[]): Registry {
  const byType = indexByType(converters);

  return {
    async convertFile(file, context) {
      const { maxFileBytes } = context.policy.limits;
      // Written so that NaN blocks.
      if (!(file.bytes.length <= maxFileBytes)) {
        return blocked('limit-exceeded', `${file.bytes.length} bytes, at most ${maxFileBytes}`);
      }
      const converter = byType.get(file.type);
      if (converter === undefined) return blocked(blockReason(file.type), file.type);
      if (!(performance.now() < context.deadline)) return blocked('timeout', 'no time left');
      try {
        const conversion = await withDeadline(converter.convert(file, context), context.deadline);
        return conversion === undefined ? blocked('timeout', converter.name) : checked(conversion, context);
      } catch (error) {
        return blocked('sanitizer-failed', `${converter.name}: ${String(error)}`.slice(0, 500));
      }
    },

    openInner(file, limits) {
      try {
        const opened = file.open(limits);
        const tooLarge = opened instanceof Uint8Array && !(opened.length <= limits.maxBytes);
        return tooLarge ? blocked('limit-exceeded', `${opened.length} bytes, at most ${limits.maxBytes}`) : opened;
      } catch (error) {
        return blocked('sanitizer-failed', `unpacking: ${String(error)}`.slice(0, 500));
      }
    },
  };
}

/** undefined when time ran out first. A converter that never yields is ended by the parent's clock, not here. */
async function withDeadline<T>(work: Promise<T>, deadline: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  // setTimeout cannot count further than 2^31 ms, and takes a larger number for 1.
  const waitMs = Math.min(Math.max(deadline - performance.now(), 0), 2 ** 31 - 1);
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function checked(conversion: Conversion, { policy, deadline }: ConvertContext): Conversion {
  if (conversion.kind !== 'converted' && conversion.kind !== 'container') return conversion;
  if (performance.now() > deadline) return blocked('timeout', 'finished too late');
  if (conversion.kind === 'converted' && conversion.files.length === 0) {
    return blocked('sanitizer-failed', 'converted to nothing');
  }
  const bytes = conversion.files.reduce((sum, file) => sum + file.bytes.length, 0);
  const { maxOutputBytes } = policy.limits;
  return bytes <= maxOutputBytes
    ? conversion
    : blocked('limit-exceeded', `${bytes} bytes written, at most ${maxOutputBytes}`);
}

function indexByType(converters: readonly Converter[]): ReadonlyMap<FileType, Converter> {
  const byType = new Map<FileType, Converter>();
  for (const converter of converters) {
    for (const type of converter.accepts) {
      if (isNeverConverted(type)) throw new Error(`${converter.name}: ${type} is never converted`);
      if (byType.has(type)) throw new Error(`two converters accept ${type}`);
      byType.set(type, converter);
    }
  }
  return byType;
}
