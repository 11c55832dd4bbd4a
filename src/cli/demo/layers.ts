/** The table of the jail's layers, one row each: what holds, who holds it, and in a sentence what that means. */
import { JAIL_TEXTS } from '../../message/texts-jail.ts';
import type { JailState } from '../../roles/jail-state.ts';
import { table } from '../output.ts';

const HOLDER = { kernel: 'カーネル', node: 'Node のみ', nobody: '—' } as const;

export const layersTable = ({ launcher, layers }: JailState): string =>
  table(
    ['', `隔離の層(${launcher})`, '止めるもの', '意味'],
    layers.map(({ name, held, by }) => [held ? '✓' : '✗', name, HOLDER[by], JAIL_TEXTS[name][by].ja]),
  );
