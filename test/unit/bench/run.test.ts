/** The bench's own judgement: a run with holes or without figures is no run. */
import { expect, test } from 'vitest';
import type { Measurement } from '../../../bench/load/matrix.ts';
import { quantile, spread } from '../../../bench/load/statistics.ts';
import { readOptions } from '../../../bench/options.ts';
import { gaps } from '../../../bench/run.ts';

const cell: Measurement = {
  peer: 'sekisho',
  load: '5kB',
  connections: 10,
  round: 1,
  mails: 10,
  perSecond: 100,
  cpuMsPerMail: 10,
  peakBytes: 1e6,
  problems: [],
};
const options = { sizes: ['5kB'], connections: [10], rounds: 1 } as const;
const started = new Map([['sekisho', { name: 'Sekisho', description: '' }]] as const);
const latencies = new Map([['sekisho', [{ acknowledgedMs: 5, throughMs: 30 }]]] as const);
const mix: Measurement = { ...cell, load: 'mix' };

test('a whole run has no gaps', () => {
  expect(gaps({ measurements: [cell, mix], started, latencies }, options)).toEqual([]);
});

test('a missing cell, a cell without a figure and a peer without latency are gaps', () => {
  expect(gaps({ measurements: [cell], started, latencies }, options)).toHaveLength(1);
  expect(gaps({ measurements: [cell, { ...mix, perSecond: Number.NaN }], started, latencies }, options)).toHaveLength(
    1,
  );
  // Mails that all arrived before they were sent: a clock or a sink that lies.
  expect(gaps({ measurements: [cell, { ...mix, perSecond: -7 }], started, latencies }, options)).toHaveLength(1);
  expect(gaps({ measurements: [cell, mix], started, latencies: new Map() }, options)).toHaveLength(1);
});

test('medians and quantiles', () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  expect(spread([4, 1]).median).toBe(2.5);
  expect(quantile([0, 10, 20], 0.95)).toBeCloseTo(19);
  expect(spread([]).median).toBeNaN();
});

test('options: ours is always measured; what is not known is refused by name', () => {
  expect(readOptions(['--peers', 'haraka'])).toMatchObject({
    peers: ['sekisho', 'haraka'],
    rounds: 3,
    mail: true,
    documents: true,
  });
  expect(readOptions(['--short'])).toMatchObject({ rounds: 1, sizes: ['5kB'], connections: [10] });
  expect(() => readOptions(['--peers', 'sendmail'])).toThrow('sendmail');
  expect(() => readOptions(['--connections', '0'])).toThrow('--connections');
  expect(() => readOptions(['--connections', '51'])).toThrow('1 to 50');
  expect(() => readOptions(['--rounds', 'x'])).toThrow('--rounds');
});
