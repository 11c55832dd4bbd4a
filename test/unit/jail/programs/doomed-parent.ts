/** A parent for the test that kills parents: gives a busy child its job, prints all processes below itself, waits. */
import { readFileSync } from 'node:fs';
import type { LauncherName } from '../../../../src/jail/launcher.ts';
import { bytesOf, jailOver, layersOf, messageJob } from '../setup.ts';

const launcher = process.argv[2] as LauncherName;
const layers = await layersOf(launcher);
if (layers === undefined) process.exit(9);
const jail = jailOver('busy', layers);
await jail.warm();
void jail.run(messageJob(), bytesOf('x'), { tenant: 'a', deadlineMs: 600_000 });

function below(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').flatMap((child) => [Number(child), ...below(Number(child))]);
}
setTimeout(() => process.stdout.write(`${below(process.pid).join(' ')}\n`), 1500);
setInterval(() => undefined, 1000);
