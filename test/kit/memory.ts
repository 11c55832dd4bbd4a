/** What stands in the memory of a process, read through /proc as only root (or the same user) may. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export interface Needle {
  readonly name: string;
  /** All spellings in which the secret may stand. */
  readonly spellings: readonly Buffer[];
}

const PIECE = 16 * 1024 * 1024;
/** Pieces overlap, so that nothing is cut in two. */
const OVERLAP = 256;

interface Mapping {
  readonly from: number;
  readonly to: number;
}

/** Readable mappings; kernel pages that nobody may read are left out. */
function mappingsOf(pid: number): readonly Mapping[] {
  return readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)$/.exec(line);
      if (match === null || /^\[(?:vvar|vsyscall|vvar_vclock)/.test(match[3] ?? '')) return [];
      return [{ from: Number.parseInt(match[1] ?? '', 16), to: Number.parseInt(match[2] ?? '', 16) }];
    });
}

export interface Searched {
  /** Names of the needles that were found. */
  readonly found: ReadonlySet<string>;
  readonly bytes: number;
}

export function searchMemory(pid: number, needles: readonly Needle[]): Searched {
  const found = new Set<string>();
  let bytes = 0;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const buffer = Buffer.alloc(PIECE + OVERLAP);
  try {
    for (const { from, to } of mappingsOf(pid)) {
      for (let at = from; at < to; at += PIECE) {
        const wanted = Math.min(PIECE + OVERLAP, to - at);
        const got = readAt(memory, buffer, wanted, at);
        bytes += Math.min(got, PIECE);
        const piece = buffer.subarray(0, got);
        for (const { name, spellings } of needles) {
          if (!found.has(name) && spellings.some((spelling) => piece.includes(spelling))) found.add(name);
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return { found, bytes };
}

/** 0 when the pages went away meanwhile. */
function readAt(file: number, buffer: Buffer, length: number, at: number): number {
  try {
    return readSync(file, buffer, 0, length, at);
  } catch {
    return 0;
  }
}
