/** Gets the peers that this machine lacks: from Debian's packages and from npm. Says clearly when it cannot; then they are not in the table. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DOCUMENT_PROGRAMS } from './documents/tools.ts';
import type { BenchOptions } from './options.ts';
import { AMAVIS_FILES } from './peers/amavis.ts';
import { installHaraka } from './peers/haraka.ts';

const SCRIPT = fileURLToPath(new URL('../bin/setup-services.sh', import.meta.url));

/** @param say gets one line for each thing that could not be had */
export function installPeers(options: BenchOptions, say: (line: string) => void): void {
  const wanted = [
    ...(options.mail && options.peers.some((name) => name === 'postfix' || name === 'amavis') ? AMAVIS_FILES : []),
    ...(options.documents ? DOCUMENT_PROGRAMS : []),
  ];
  if (wanted.some((path) => !existsSync(path))) attempt('Debian packages', installPackages, say);
  if (options.mail && options.peers.includes('haraka')) attempt('Haraka from npm', installHaraka, say);
}

const installPackages = (): void => {
  execFileSync('bash', [SCRIPT, 'peers'], { stdio: ['ignore', 2, 2] });
};

function attempt(what: string, install: () => void, say: (line: string) => void): void {
  try {
    install();
  } catch (error) {
    say(`CANNOT INSTALL ${what}: ${(error as Error).message.split('\n')[0]}`);
  }
}
