/**
 * A hijacked converter may answer anything. Whatever it answers outside our writers' grammar is refused; when the
 * inspector itself is silent, dead or lying about framing, everything is refused.
 */
import { expect, test } from 'vitest';
import { judge } from './door.ts';
import { HONEST_TWINS, LIES } from './lies.ts';
import { single, specimen } from './specimens.ts';

test.each(LIES)('a child that %s is refused', async (_, draft) => {
  expect((await judge(await draft())).kind).toBe('refused');
});

test.each(HONEST_TWINS)('the honest twin passes: %s', async (_, draft) => {
  expect(await judge(await draft())).toMatchObject({ kind: 'passed' });
});

test.each(['timeout', 'crashed', 'lied', 'limit'] as const)(
  'INV-11: an inspector that ends in "%s" passes nothing',
  async (why) => {
    const silent = { inspect: () => Promise.resolve({ kind: 'failed', why, detail: 'SIGKILL' } as const) };
    expect(await judge(Buffer.from(single(), 'latin1'), silent)).toEqual({
      kind: 'refused',
      by: 'inspector-failed',
      problems: [`${why}: SIGKILL`],
    });
  },
);

test('a problem in any one leaf refuses the whole message, and every leaf is asked about', async () => {
  const asked: string[] = [];
  const jail = {
    inspect: (files: readonly { readonly type: string }[]) => {
      asked.push(...files.map(({ type }) => type));
      return Promise.resolve({ kind: 'done', value: ['png: a wrong CRC'] } as const);
    },
  };
  expect(await judge(await specimen(), jail)).toEqual({
    kind: 'refused',
    by: 'inspector',
    problems: ['png: a wrong CRC'],
  });
  expect(asked).toEqual(['text', 'text', 'csv', 'jpeg', 'png']);
});
