/** Prints the PDF measurements of issue 1 for the converter in this process: `run.js bench/pdf.ts [text|rebuild|speed]`. */

import { DEFAULT_POLICY } from '../src/policy/policy.ts';
import { pdf } from '../src/sanitize/formats/pdf/pdf.ts';
import { type Rebuild, readCorpus } from './pdf-corpus.ts';
import { measureRebuild } from './pdf-rebuild.ts';
import { measureText } from './pdf-text.ts';

const policy = { ...DEFAULT_POLICY, version: '0' };

export const rebuildHere: Rebuild = async (bytes, passwords) => {
  const file = { type: 'pdf', untrustedName: 'input.pdf', untrustedCharset: '', bytes } as const;
  const deadline = performance.now() + policy.limits.documentMs;
  const result = await pdf.convert(file, { policy, passwords, deadline, left: { files: 0, bytes: 0, depth: 0 } });
  if (result.kind === 'blocked') return { kind: 'refused', reason: result.reason, detail: result.detail };
  if (result.kind === 'waiting-for-password') return { kind: 'refused', reason: result.kind, detail: result.detail };
  const [output] = result.files;
  if (output === undefined) throw new Error('converted to no file');
  return { kind: 'rebuilt', bytes: output.bytes };
};

async function speed(path: string, rounds: number): Promise<void> {
  const bytes = readCorpus(path);
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await rebuildHere(bytes, []);
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  times.sort((one, other) => one - other);
  const cpuMs = (user + system) / 1000 / rounds;
  console.log(
    `${path}: median ${times[rounds >> 1]?.toFixed(1)} ms, least ${times[0]?.toFixed(1)} ms, CPU ${cpuMs.toFixed(1)} ms`,
  );
}

const wanted = process.argv[2] ?? 'all';
if (wanted === 'rebuild' || wanted === 'all') console.log(await measureRebuild(rebuildHere));
if (wanted === 'text' || wanted === 'all') {
  const { files, ...sums } = await measureText(rebuildHere);
  console.log({ files: files.length, ...sums });
}
if (wanted === 'speed' || wanted === 'all') {
  await speed('samples/pdf/jp_ttf_10p.pdf', 5);
  await speed('samples/pdf/mal_launch.pdf', 20);
}
