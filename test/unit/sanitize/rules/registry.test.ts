/** The one place that fails closed: what a converter may answer, how much, and how late (INV-11). */
import { describe, expect, test } from 'vitest';
import type { FileType } from '../../../../src/message/file-type.ts';
import { DEFAULT_POLICY, type Policy } from '../../../../src/policy/policy.ts';
import {
  built,
  type Conversion,
  type ConvertContext,
  type Converter,
  type InnerFile,
  type SafeFile,
} from '../../../../src/sanitize/converter.ts';
import { createRegistry, type Registry } from '../../../../src/sanitize/registry.ts';

const policy: Policy = {
  ...DEFAULT_POLICY,
  version: '0123456789abcdef',
  limits: { ...DEFAULT_POLICY.limits, maxFileBytes: 100, maxOutputBytes: 50 },
};
const file = (length: number): SafeFile => ({ type: 'text', untrustedStem: 'a', bytes: built(new Uint8Array(length)) });
const converted = (...files: readonly SafeFile[]): Conversion => ({
  kind: 'converted',
  outcome: 'rebuilt',
  files,
  removed: [],
});
const converter = (answer: Converter['convert'], accepts: readonly FileType[] = ['png']): Converter => ({
  name: 'mine',
  documentation: { danger: '', method: '', kept: '', lost: '' },
  accepts,
  convert: answer,
});
const context = (deadline = performance.now() + 60_000): ConvertContext => ({
  policy,
  passwords: [],
  deadline,
  left: { files: 10, bytes: 1000, depth: 3 },
});
/** A registry that never answers shall be seen, not waited for. */
function registryOf(...converters: readonly Converter[]): Registry {
  const registry = createRegistry(converters);
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), 2000);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  };
  return { ...registry, convertFile: (file, about) => inTime(registry.convertFile(file, about)) };
}
const input = (length: number, type: FileType = 'png') => ({
  type,
  untrustedName: 'a.png',
  untrustedCharset: '',
  bytes: new Uint8Array(length),
});
const answered = (answer: Conversion, length = 10): Promise<Conversion> =>
  registryOf(converter(async () => answer)).convertFile(input(length), context());

describe('converters', () => {
  test('one that takes what is never converted, or what another takes, does not load', () => {
    const nothing = async (): Promise<Conversion> => converted(file(1));
    expect(() => registryOf(converter(nothing, ['pe']))).toThrow('mine: pe is never converted');
    expect(() => registryOf(converter(nothing), converter(nothing))).toThrow('two converters accept png');
    expect(() => registryOf(converter(nothing, ['png', 'jpeg']), converter(nothing, ['gif']))).not.toThrow();
  });

  test('what they answer is handed on as it is', async () => {
    const good = converted(file(50));
    expect(await answered(good)).toBe(good);
    const two = converted(file(25), file(25));
    expect(await answered(two)).toBe(two);
    const held: Conversion = { kind: 'blocked', reason: 'encrypted', detail: 'x' };
    expect(await answered(held)).toBe(held);
  });

  test('nothing, or more than may be written, is held', async () => {
    expect(await answered(converted())).toEqual({
      kind: 'blocked',
      reason: 'sanitizer-failed',
      detail: 'converted to nothing',
    });
    const tooMuch = { kind: 'blocked', reason: 'limit-exceeded', detail: '51 bytes written, at most 50' };
    expect(await answered(converted(file(51)))).toEqual(tooMuch);
    expect(await answered(converted(file(25), file(26)))).toEqual(tooMuch);
    const container = (...files: readonly SafeFile[]): Conversion => ({
      kind: 'container',
      outcome: 'rebuilt',
      files,
      removed: [],
      untrustedStem: 'a',
      entries: [],
    });
    expect(await answered(container(file(51)))).toEqual(tooMuch);
    expect((await answered(container())).kind).toBe('container');
  });

  test('a file over the limit is not opened', async () => {
    expect((await answered(converted(file(1)), 100)).kind).toBe('converted');
    let opened = false;
    const registry = registryOf(
      converter(async () => {
        opened = true;
        return converted(file(1));
      }),
    );
    expect(await registry.convertFile(input(101), context())).toEqual({
      kind: 'blocked',
      reason: 'limit-exceeded',
      detail: '101 bytes, at most 100',
    });
    const noLimit = { ...context(), policy: { ...policy, limits: { ...policy.limits, maxFileBytes: Number.NaN } } };
    expect(await registry.convertFile(input(1), noLimit)).toMatchObject({ reason: 'limit-exceeded' });
    expect(opened).toBe(false);
  });

  test('what nobody takes is held, with its type', async () => {
    const registry = registryOf(converter(async () => converted(file(1))));
    expect(await registry.convertFile(input(1, 'pe'), context())).toMatchObject({ kind: 'blocked', detail: 'pe' });
    expect(await registry.convertFile(input(1, 'unknown'), context())).toMatchObject({
      kind: 'blocked',
      detail: 'unknown',
    });
  });

  test('what they throw is said, in 500 characters', async () => {
    const failing = (error: unknown): Promise<Conversion> =>
      registryOf(
        converter(() => {
          throw error;
        }),
      ).convertFile(input(1), context());
    expect(await failing(new Error('no'))).toEqual({
      kind: 'blocked',
      reason: 'sanitizer-failed',
      detail: 'mine: Error: no',
    });
    const long = await failing('x'.repeat(1000));
    expect(long.kind === 'blocked' && long.detail).toHaveLength(500);
    const late = registryOf(converter(() => Promise.reject(new Error('later'))));
    expect(await late.convertFile(input(1), context())).toMatchObject({ detail: 'mine: Error: later' });
  });

  test('no time left, time that runs out, and an answer that came too late', async () => {
    // Not for ever: whoever waits for it shall be seen, not waited for.
    const waiting = (): Promise<Conversion> =>
      new Promise((resolve) => {
        setTimeout(() => resolve({ kind: 'blocked', reason: 'encrypted', detail: 'waited for' }), 300);
      });
    const never = registryOf(converter(waiting));
    expect(await never.convertFile(input(1), context(performance.now() - 1))).toEqual({
      kind: 'blocked',
      reason: 'timeout',
      detail: 'no time left',
    });
    expect(await never.convertFile(input(1), context(Number.NaN))).toMatchObject({ detail: 'no time left' });
    expect(await never.convertFile(input(1), context(performance.now() + 20))).toEqual({
      kind: 'blocked',
      reason: 'timeout',
      detail: 'mine',
    });
    const slow = registryOf(
      converter(async (_, { deadline }) => {
        while (performance.now() <= deadline);
        return converted(file(1));
      }),
    );
    expect(await slow.convertFile(input(1), context(performance.now() + 20))).toEqual({
      kind: 'blocked',
      reason: 'timeout',
      detail: 'finished too late',
    });
    // Further away than a timer can count.
    const soon = registryOf(
      converter(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return converted(file(1));
      }),
    );
    expect(await soon.convertFile(input(1), context(Number.POSITIVE_INFINITY))).toMatchObject({ kind: 'converted' });
  });
});

describe('files inside others', () => {
  const registry = registryOf();
  const limits = { maxBytes: 10, isLate: () => false };
  const inner = (open: InnerFile['open']): InnerFile => ({
    untrustedName: 'a',
    otherUntrustedNames: [],
    untrustedCharset: '',
    declaredType: '',
    levels: 1,
    open,
  });

  test('bytes within the limit, and a reason, are handed on', () => {
    const bytes = new Uint8Array(10);
    expect(
      registry.openInner(
        inner(() => bytes),
        limits,
      ),
    ).toBe(bytes);
    const held = { kind: 'blocked', reason: 'encrypted', detail: 'x' } as const;
    expect(
      registry.openInner(
        inner(() => held),
        limits,
      ),
    ).toBe(held);
  });
  test('more bytes, or an error, is held', () => {
    expect(
      registry.openInner(
        inner(() => new Uint8Array(11)),
        limits,
      ),
    ).toEqual({
      kind: 'blocked',
      reason: 'limit-exceeded',
      detail: '11 bytes, at most 10',
    });
    const noLimit = { ...limits, maxBytes: Number.NaN };
    expect(
      registry.openInner(
        inner(() => new Uint8Array(1)),
        noLimit,
      ),
    ).toMatchObject({ reason: 'limit-exceeded' });
    const failing = inner(() => {
      throw new Error('x'.repeat(1000));
    });
    const answer = registry.openInner(failing, limits);
    expect(answer).toMatchObject({ kind: 'blocked', reason: 'sanitizer-failed' });
    expect('detail' in answer && answer.detail).toBe(`unpacking: Error: ${'x'.repeat(1000)}`.slice(0, 500));
  });
});
