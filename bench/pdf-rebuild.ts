/** Measures how many PDFs of the corpora are rebuilt: the frozen list, the encrypted ones with their passwords, and all. */
import { allPdfs, encryptedPdfs, openablePdfs, type Rebuild, readCorpus } from './pdf-corpus.ts';

export interface RebuildFigures {
  readonly openable: number;
  readonly openableRebuilt: number;
  readonly encrypted: number;
  readonly encryptedOpened: number;
  /** Reasons over all PDFs, also those that nobody can open. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

/** Runs the measurement and prints every file that is not rebuilt. A rejection of `rebuild` is a failure of ours and not caught. */
export async function measureRebuild(rebuild: Rebuild): Promise<RebuildFigures> {
  const openable = new Set(openablePdfs().map((file) => file.path));
  const reasons: Record<string, number> = {};
  let [openableRebuilt, slowestMs] = [0, 0];
  for (const { path, kind } of allPdfs()) {
    const start = performance.now();
    const result = await rebuild(readCorpus(path), []);
    const ms = performance.now() - start;
    slowestMs = Math.max(slowestMs, ms);
    const end = result.kind === 'rebuilt' ? 'rebuilt' : result.reason;
    reasons[end] = (reasons[end] ?? 0) + 1;
    if (result.kind === 'rebuilt' && openable.has(path)) openableRebuilt++;
    if (result.kind === 'refused') {
      console.log(`${openable.has(path) ? 'OPENABLE ' : ''}${path} [${kind}]: ${result.reason}: ${result.detail}`);
    }
    if (ms > 5000) console.log(`${path} took ${ms.toFixed(0)} ms`);
  }
  let encryptedOpened = 0;
  const encrypted = encryptedPdfs();
  for (const { path, password } of encrypted) {
    const result = await rebuild(readCorpus(path), ['not-this-one', password]);
    if (result.kind === 'rebuilt') encryptedOpened++;
    else console.log(`${path} with its password: ${result.reason}: ${result.detail}`);
  }
  return { openable: openable.size, openableRebuilt, encrypted: encrypted.length, encryptedOpened, reasons, slowestMs };
}
