/**
 * `node main.ts LAUNCHER…`: the escape suite on this machine as this user, outside first; JSON on stdout. A program of its own, so
 * that the evidence can run it as another user and in another userland.
 */
import { settingsSchema } from '../../../../src/config/schema.ts';
import type { LauncherName } from '../../../../src/jail/launcher.ts';
import { probeLayers } from '../../../../src/jail/layers.ts';
import { openDoors } from '../../../../src/jail/open-doors.ts';
import type { OpenDoor } from '../../../../src/message/texts-jail.ts';
import { openEscapeHouse } from './house.ts';
import { type Results, tryAll } from './suite.ts';
import type { Tried } from './targets.ts';

type Told = Readonly<Record<string, Tried>>;

export interface LauncherRun {
  readonly launcher: LauncherName;
  /** Why nothing was tried. */
  readonly failed?: string;
  readonly uid?: number | 'same';
  /** Layers that hold, and by whom. */
  readonly held?: readonly string[];
  readonly doors?: readonly OpenDoor[];
  readonly attempts?: Told;
}

export interface EscapeRun {
  readonly outside: Told;
  readonly launchers: readonly LauncherRun[];
}

const settings = settingsSchema.pick({ jail: true, sanitizer: true });
const plain = (results: Results): Told => Object.fromEntries(results);

if (import.meta.main)
  process.stdout.write(`${JSON.stringify(await runAll(process.argv.slice(2) as LauncherName[]))}\n`);

async function runAll(names: readonly LauncherName[]): Promise<EscapeRun> {
  await using house = await openEscapeHouse();
  const outside = plain(await tryAll('outside', house));
  const launchers: LauncherRun[] = [];
  for (const launcher of names) {
    try {
      const wanted = settings.parse({ jail: { launcher }, sanitizer: { childMemoryMiB: 256 } });
      const report = await probeLayers(wanted, [house.folder]);
      const held = report.layers.filter((layer) => layer.held).map(({ name, by }) => `${name} (${by})`);
      const attempts = plain(await tryAll(report.plan, house));
      launchers.push({ launcher, uid: report.plan.uid, held, doors: openDoors(report), attempts });
    } catch (error) {
      launchers.push({ launcher, failed: String(error) });
    }
  }
  return { outside, launchers };
}
