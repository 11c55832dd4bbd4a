/** What commands print: JSON with `--json`, else sentences and tables in Japanese or English by locale. */
import { accessSync, constants, statSync } from 'node:fs';

export interface Output {
  readonly json: boolean;
  readonly language: 'ja' | 'en';
  line(text: string): void;
  value(value: unknown): void;
}

/** Japanese first: English only where the locale says so. A reader that has seen enough, like `head`, ends the command. */
export function openOutput(json: boolean): Output {
  process.stdout.once('error', endQuietly);
  const locale = process.env['LC_ALL'] ?? process.env['LC_MESSAGES'] ?? process.env['LANG'] ?? '';
  return {
    json,
    language: /^en/i.test(locale) ? 'en' : 'ja',
    line: (text) => process.stdout.write(`${text}\n`),
    value: (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
  };
}

function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.done);
}

export interface Said {
  readonly ja: string;
  readonly en: string;
}

/** Exit codes of design.md §8. */
export const EXIT = { done: 0, ourFailure: 1, wrongUsage: 2, held: 3 } as const;

/** Unicode East Asian Width (UAX #11), the ranges that Japanese terminals show in two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const columns = (text: string): number => [...text].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);

/** Rows as aligned columns; control characters never reach the terminal (threats.md INV-13). */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => columns(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - columns(cell)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const [first = [], ...rest] = cells;
  return [line(first), rule, ...rest.map(line)].join('\n');
}

/** Text from outside as a terminal may see it. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );

/** What is wrong with each input that is no readable file, as sentences; empty when all are. */
export function unreadableFiles(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    try {
      if (!statSync(file).isFile()) return [`not a file: ${file}`];
      accessSync(file, constants.R_OK);
      return [];
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return [code === 'ENOENT' ? `no such file: ${file}` : `cannot be read (${code}): ${file}`];
    }
  });
}

/** A line that says how far a long run is; on terminals only. */
export function progress(done: number, total: number, what: string): void {
  if (!process.stderr.isTTY) return;
  const filled = Math.round((done / Math.max(total, 1)) * 30);
  process.stderr.write(
    `\r[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${done}/${total} ${printable(what).slice(0, 40)}\u001b[K`,
  );
  if (done === total) process.stderr.write('\n');
}
