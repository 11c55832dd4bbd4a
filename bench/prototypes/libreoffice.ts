/**
 * Prototype, not part of the product: does LibreOffice as WebAssembly run under our launcher, filter and limits, and what
 * does it need beyond them? `node bench/prototypes/libreoffice.ts FOLDER LAUNCHER MEMORY_MIB FILE…`; FOLDER has
 * @matbee/libreoffice-converter 2.7.2 in its node_modules. Result: docs/jail.md.
 */
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JailedProcess } from '../../src/jail/jailed-process.ts';
import { type Command, commandFor, type LauncherName } from '../../src/jail/launcher.ts';
import { canBecome, findTools } from '../../src/jail/tools.ts';

const CHILD = fileURLToPath(new URL('./libreoffice-child.ts', import.meta.url));
const [folder = '', launcher = 'bwrap', memoryMiB = '2048', ...files] = process.argv.slice(2);
const tools = findTools();
const uid = canBecome(tools, 64_009) ? 64_009 : 'same';
const bounds = { headerBytes: 2 ** 20, blobBytes: 64 * 2 ** 20, blobs: 1 };
/** Hangs are known: engines.md. */
const DEADLINE_MS = Number(process.env['DEADLINE_MS'] ?? 90_000);

/** What this kind of child needs beyond an ordinary one. */
function loosened(command: Command): Command {
  const withFolder = command.args.flatMap((word, index, all) => {
    // The private root shows the package too. Its start changes into its folder and back to /, which node counts as reading /.
    const isNode = word === process.execPath && all[index + 1]?.startsWith('--disable-warning') === true;
    if (word === '--remount-ro') return ['--ro-bind', folder, folder, word];
    if (isNode) return [word, '--allow-worker', '--allow-fs-read=/', ...extra()];
    return [word];
  });
  // It asks for its home folder when it is loaded, and there is no /etc/passwd.
  return { ...command, args: [...withFolder, folder], env: { ...command.env, HOME: '/' } };
}

/** More flags of node, to try things: NODE_FLAGS='--liftoff-only'. */
const extra = (): readonly string[] => (process.env['NODE_FLAGS'] ?? '').split(' ').filter(Boolean);

const command = commandFor({ launcher: launcher as LauncherName, uid, memoryMiB: Number(memoryMiB) }, tools, CHILD);
const child = new JailedProcess(loosened(command));
const started = await child.started;
if (started.kind === 'failed') throw new Error(started.detail);
for (const file of files) {
  const body = { format: extname(file).slice(1), name: basename(file) };
  const answer = await child.ask({ body, blobs: [readFileSync(file)] }, bounds, DEADLINE_MS);
  const said =
    answer.kind === 'failed'
      ? { failed: answer.why, detail: answer.detail }
      : {
          ...(answer.value.body as object),
          bytes: answer.value.blobs[0]?.length,
          starts: Buffer.from(answer.value.blobs[0] ?? [])
            .subarray(0, 5)
            .toString('latin1'),
        };
  process.stdout.write(`${basename(file)} ${JSON.stringify(said)}\n`);
  if (answer.kind === 'failed') break;
}
child.kill();
await child.gone;
