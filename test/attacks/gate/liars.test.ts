/**
 * A hijacked converter may answer anything. Whatever it answers outside our writers' grammar is refused; when the
 * inspector itself is silent, dead or lying about framing, everything is refused.
 */
import { expect, test } from 'vitest';
import type { Jail } from '../../../src/jail/jail.ts';
import { FACTS, judge } from './door.ts';
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

test('the jail is told whose files they are and how long it has', async () => {
  const asked: unknown[] = [];
  const jail: Pick<Jail, 'inspect'> = {
    inspect: (_, options) => {
      asked.push(options);
      return Promise.resolve({ kind: 'done', value: [] });
    },
  };
  expect(await judge(Buffer.from(single(), 'latin1'), jail)).toMatchObject({ kind: 'passed' });
  expect(asked).toEqual([{ tenant: FACTS.tenant, deadlineMs: 10_000 }]);
});

test('what the grammar refuses is refused by it, with its reasons, and no jail is asked', async () => {
  const jail: Pick<Jail, 'inspect'> = { inspect: () => Promise.reject(new Error('nobody asks')) };
  expect(await judge(Buffer.from(`${single()}-`, 'latin1'), jail)).toEqual({
    kind: 'refused',
    by: 'grammar',
    problems: ['bytes after the message'],
  });
  const other = single().replace(FACTS.messageId, '01JD9ZK3V7Q8W2M4N6P0R5S7TA');
  expect(await judge(Buffer.from(other, 'latin1'), jail)).toEqual({
    kind: 'refused',
    by: 'grammar',
    problems: ['Received names another message than the one in work'],
  });
});
