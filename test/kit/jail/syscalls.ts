/** Numbers of all system calls, by name and by architecture as node names it (fixtures/jail/syscalls). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TABLE = fileURLToPath(new URL('../../../fixtures/jail/syscalls/syscalls.tsv', import.meta.url));

export function syscallNumbers(arch: string): Readonly<Record<string, number>> {
  const rows = readFileSync(TABLE, 'utf8').trim().split('\n').slice(1);
  const column = arch === 'arm64' ? 2 : 1;
  const pairs = rows.map((row) => row.split('\t')).map((cells) => [cells[0] ?? '', cells[column] ?? ''] as const);
  return Object.fromEntries(
    pairs.filter(([, number]) => number !== '').map(([name, number]) => [name, Number(number)]),
  );
}
