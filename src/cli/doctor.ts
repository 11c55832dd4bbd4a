/** `sekisho doctor`: what holds on this machine and what does not, in words. Exit code 3 when something is missing. */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { missingLayers, probeLayers } from '../jail/layers.ts';
import { openDoors } from '../jail/open-doors.ts';
import { describeKeys } from '../keys/describe.ts';
import { publicFile } from '../keys/directory.ts';
import type { Role } from '../message/roles.ts';
import { OPEN_DOOR_TEXTS } from '../message/texts-jail.ts';
import { plannedSeparation, storeFolder } from '../roles/prepare.ts';
import { uidFor } from '../roles/separation.ts';
import { presenceOf } from '../vault/identity.ts';
import { containerFindings, isSwapClosed } from './doctor-container.ts';
import { EXIT, type Output, openOutput, type Said } from './output.ts';
import { ONE_DISK, storesOnOneDisk } from './requirements.ts';
import { rolesHere } from './roles-here.ts';

interface Options {
  readonly config: string;
  readonly roles?: string;
  readonly json?: true;
}

export interface Finding {
  readonly about: string;
  /** 'note': true and worth knowing; 'missing': something a production start refuses or a person should mend. */
  readonly state: 'good' | 'note' | 'missing';
  readonly said: Said;
}

export async function doctor(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  const roles = rolesHere(options.roles);
  if (roles === undefined) return EXIT.wrongUsage;
  const settings = loadSettings(resolve(options.config), roles);
  const findings = [
    // The one role that opens strangers' files.
    ...(roles.includes('sanitizer') ? await jailFindings(settings) : []),
    separationFinding(settings, roles),
    ...keyFindings(settings, roles),
    ...storeFindings(settings),
    swapFinding(),
    ...containerFindings(),
  ];
  if (output.json) output.value(findings);
  else print(output, findings);
  return findings.some(({ state }) => state === 'missing') ? EXIT.held : EXIT.done;
}

function print(output: Output, findings: readonly Finding[]): void {
  const marks = { good: '✓', note: '・', missing: '✗' } as const;
  for (const { about, state, said } of findings) output.line(`${marks[state]} ${about}: ${said[output.language]}`);
}

async function jailFindings(settings: Settings): Promise<readonly Finding[]> {
  const report = await probeLayers(settings, [settings.dataDir]);
  const missing = new Set(missingLayers(report, settings).map(({ name }) => name));
  const launcher: Finding = {
    about: 'jail',
    state: report.plan.launcher === 'none' ? 'missing' : 'good',
    said: { ja: `起動方法: ${report.plan.launcher}`, en: `launcher: ${report.plan.launcher}` },
  };
  const layers = report.layers.map(
    ({ name, held, text }): Finding => ({
      about: `jail/${name}`,
      state: held ? 'good' : missing.has(name) ? 'missing' : 'note',
      said: text,
    }),
  );
  const open = openDoors(report).map(
    (door): Finding => ({ about: `jail/open/${door}`, state: 'note', said: OPEN_DOOR_TEXTS[door] }),
  );
  return [launcher, ...layers, ...open];
}

function separationFinding(settings: Settings, roles: readonly Role[]): Finding {
  const { state } = plannedSeparation(settings);
  const [only] = roles;
  if (roles.length === 1 && only !== undefined && process.geteuid?.() === uidFor(settings.runAs.baseUid, only)) {
    const said = {
      ja: `ここで動くのは ${only} だけで、専用のユーザーで動きます`,
      en: `${only} alone runs here, as a user of its own`,
    };
    return { about: 'roles', state: 'good', said };
  }
  if (state.kind === 'held') {
    const said = { ja: '役割ごとに別のユーザーで動きます', en: 'each role runs as a user of its own' };
    return { about: 'roles', state: 'good', said };
  }
  const said = {
    ja: `役割の分離は名目上のものです(${state.why.ja})`,
    en: `separation of roles is nominal: ${state.why.en}`,
  };
  return { about: 'roles', state: 'note', said };
}

function keyFindings(settings: Settings, roles: readonly Role[]): readonly Finding[] {
  if (!existsSync(publicFile(settings.dataDir))) return [{ about: 'keys', state: 'note', said: NOT_YET }];
  const own = describeKeys(settings.dataDir).filter(({ role }) => roles.includes(role));
  return own.map(({ role, purpose, keyId, state, rights, file }): Finding => {
    const about = `keys/${role}/${purpose}/${keyId}`;
    if (state === 'closed') return { about, state: 'note', said: CLOSED };
    if (state === 'missing') {
      const said = {
        ja: `秘密鍵がありません。バックアップから ${file} に戻してください`,
        en: `private key is gone: restore ${file}`,
      };
      return { about, state: 'missing', said };
    }
    if (rights !== undefined && (rights.mode & 0o077) !== 0) {
      const said = {
        ja: `${file} を他の人が読めます。chmod 600 にしてください`,
        en: `${file} is readable by others: chmod 600`,
      };
      return { about, state: 'missing', said };
    }
    return { about, state: 'good', said: state === 'former' ? FORMER : CURRENT };
  });
}

const NOT_YET: Said = { ja: '最初の起動のときに作られます', en: 'made at the first start' };
const CURRENT: Said = { ja: '使用中', en: 'in use' };
const CLOSED: Said = { ja: '役割の利用者だけが見られます', en: 'only its role’s user may look' };
const FORMER: Said = { ja: '以前の鍵(開封・検証用に保管)', en: 'former key, kept to open and verify' };

function storeFindings(settings: Settings): readonly Finding[] {
  const shared = storesOnOneDisk(settings);
  const oneDisk: readonly Finding[] =
    shared === undefined
      ? []
      : [{ about: 'vault', state: settings.profile === 'production' ? 'missing' : 'note', said: ONE_DISK }];
  const absent = settings.vault.stores.filter((place) => presenceOf(place, storeFolder(settings)).kind === 'absent');
  const present = settings.vault.stores.filter((place) => !absent.includes(place));
  return [...oneDisk, ...absent.map(absentFinding), ...present.map(({ name, path }) => spaceFinding(name, path))];
}

const absentFinding = ({ name, path }: { readonly name: string; readonly path: string }): Finding => ({
  about: `vault/${name}`,
  state: 'missing',
  said: {
    ja: `${path} にこの保管先の印がありません。ディスクをマウントしてください。空のディスクに交換したときは sekisho vault replace ${name}`,
    en: `${path} does not bear this store’s mark: mount its disk; after a change to an empty disk run sekisho vault replace ${name}`,
  },
});

/** Below this a day of large mails may fill the disk. */
const LOW_SPACE_BYTES = 2n * 1024n * 1024n * 1024n;

function spaceFinding(name: string, path: string): Finding {
  if (!existsSync(path)) return { about: `vault/${name}`, state: 'note', said: NOT_YET };
  const { bavail, bsize } = statfsSync(path, { bigint: true });
  const free = bavail * bsize;
  const gib = Number(free / (1024n * 1024n)) / 1024;
  const said = { ja: `空き ${gib.toFixed(1)} GiB`, en: `${gib.toFixed(1)} GiB free` };
  return { about: `vault/${name}`, state: free < LOW_SPACE_BYTES ? 'missing' : 'good', said };
}

/** Originals are in the clear in memory only; swap would put them on a disk. */
function swapFinding(): Finding {
  const lines = readFileSync('/proc/swaps', 'utf8').trim().split('\n').slice(1);
  const files = lines.map((line) => line.split(/\s+/)[0] ?? '').filter((name) => !name.startsWith('/dev/zram'));
  return files.length === 0 || isSwapClosed()
    ? { about: 'swap', state: 'good', said: { ja: 'スワップは使われていません', en: 'no swap in use' } }
    : {
        about: 'swap',
        state: 'note',
        said: {
          ja: `スワップ(${files.join(', ')})に原本が書き出されることがあります。無効にするか暗号化してください`,
          en: `originals may reach swap (${files.join(', ')}): switch it off or encrypt it`,
        },
      };
}
