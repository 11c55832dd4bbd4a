/**
 * `node main.ts LAUNCHER…`: the escape suite on this machine as this user, outside first; JSON on stdout. Run by itself, as
 * another user, and in another userland by the evidence.
 */
import { settingsSchema } from '../../../../src/config/schema.ts';
import type { LauncherName } from '../../../../src/jail/launcher.ts';
import { probeLayers } from '../../../../src/jail/layers.ts';
import { openEscapeHouse } from './house.ts';
import { type Results, tryAll } from './suite.ts';

const settings = settingsSchema.pick({ jail: true, sanitizer: true });

await using house = await openEscapeHouse();
const plain = (results: Results): object => Object.fromEntries(results);
const output: Record<string, object> = { outside: plain(await tryAll('outside', house)) };
for (const launcher of process.argv.slice(2) as readonly LauncherName[]) {
  try {
    const report = await probeLayers(settings.parse({ jail: { launcher }, sanitizer: { childMemoryMiB: 256 } }), [
      house.folder,
    ]);
    output[launcher] = { plan: report.plan, layers: report.layers, attempts: plain(await tryAll(report.plan, house)) };
  } catch (error) {
    output[launcher] = { failed: String(error) };
  }
}
process.stdout.write(`${JSON.stringify(output)}\n`);
