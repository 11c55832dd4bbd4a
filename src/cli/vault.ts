/**
 * `sekisho vault check|repair`: every object's shares; what is lost or changed is rebuilt from k good ones.
 * `sekisho vault replace NAME`: an empty disk stands where a store was; `repair` fills it.
 */
import { loadSettings } from '../config/load.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import { openDirectories } from '../roles/context.ts';
import { databaseFile, sharedGroup, storeFolder } from '../roles/prepare.ts';
import { checkVault, findOrphans, type ObjectCheck } from '../vault/check.ts';
import { prepareDirectory } from '../vault/directory.ts';
import { forget, presenceOf, remember } from '../vault/identity.ts';
import { repairVault } from '../vault/repair.ts';
import type { Store } from '../vault/store.ts';
import type { ObjectRef } from '../vault/vault.ts';
import { EXIT, openOutput, printable, progress } from './output.ts';
import { rolesHere } from './roles-here.ts';

interface Options {
  readonly config: string;
  readonly json?: true;
}

interface Summary {
  readonly objects: number;
  readonly states: Readonly<Record<string, number>>;
  readonly bad: readonly ObjectCheck[];
  /** Shares that the database does not know: a crash came between store and transaction. Harmless, unreadable. */
  readonly orphans: number;
}

export const check = (options: Options): Promise<number> => walk(options, checkVault);

export const repair = (options: Options): Promise<number> => walk(options, repairVault);

/** Refused while the store is there, or where another store's disk is mounted. */
export async function replace(name: string, options: Options): Promise<number> {
  const { language, line } = openOutput(false);
  const settings = loadSettings(options.config, rolesHere());
  const place = settings.vault.stores.find((store) => store.name === name);
  const presence = place && presenceOf(place, storeFolder(settings));
  if (place === undefined || presence?.kind !== 'absent' || presence.found !== '') {
    process.stderr.write(`${NOT_REPLACED[language]}: ${printable(name)}\n`);
    return EXIT.wrongUsage;
  }
  forget(place.name, storeFolder(settings));
  const gid = sharedGroup(settings.dataDir);
  await prepareDirectory(place, gid);
  await remember(place, storeFolder(settings), gid);
  line(REPLACED[language]);
  return EXIT.done;
}

const NOT_REPLACED = {
  ja: '置き換えられません(設定にない名前か、保管先がそこにあるか、別の保管先のディスクがあります)',
  en: 'not replaced: no such store, or it is there, or the disk of another store is',
} as const;
const REPLACED = {
  ja: '空の保管先を受け入れました。sekisho vault repair で断片を作り直してください',
  en: 'the empty store is taken in; run `sekisho vault repair` to rebuild its shares',
} as const;

type Walk = (stores: readonly Store[], objects: AsyncIterable<ObjectRef>) => AsyncIterable<ObjectCheck>;

/** Exit code 0 when every object is whole afterwards, 3 otherwise. */
async function walk(options: Options, look: Walk): Promise<number> {
  const output = openOutput(options.json === true);
  const settings = loadSettings(options.config, rolesHere());
  const database = await openDatabase({ file: databaseFile(settings), readOnly: true });
  try {
    const stores = await openDirectories(settings);
    const summary = await summarize(database, stores, look(stores, objectsOf(database)));
    if (output.json) {
      output.value(summary);
    } else {
      const counts = Object.entries(summary.states).map(([state, count]) => `${state} ${count}`);
      const ja = output.language === 'ja';
      for (const { ref, state, problems } of summary.bad) {
        const where = problems.map(({ store, part, condition }) => `${store}/${part}: ${condition}`).join(', ');
        output.line(`✗ ${printable(ref.objectId)} (${printable(ref.tenant)}) ${state}: ${printable(where)}`);
      }
      output.line(
        ja
          ? `${summary.objects} 件を確かめました(${counts.join('、')})。持ち主のない断片: ${summary.orphans} 件`
          : `${summary.objects} objects checked (${counts.join(', ')}); orphans: ${summary.orphans}`,
      );
    }
    return summary.bad.length === 0 ? EXIT.done : EXIT.held;
  } finally {
    await database.close();
  }
}

/** Objects listed in full; a vault in ruins is told by its counts. */
const MAX_LISTED = 200;

/** A share younger than this may belong to a transaction that is on its way. */
const ORPHAN_AGE_MS = 60 * 60 * 1000;

async function summarize(
  database: Database,
  stores: readonly Store[],
  checks: AsyncIterable<ObjectCheck>,
): Promise<Summary> {
  const { total } = await database.read
    .selectFrom('object')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const states: Record<string, number> = {};
  const bad: ObjectCheck[] = [];
  let objects = 0;
  for await (const { ref, state, problems } of checks) {
    states[state] = (states[state] ?? 0) + 1;
    if (state !== 'whole' && bad.length < MAX_LISTED) bad.push({ ref, state, problems });
    progress(++objects, total, ref.objectId);
  }
  const isKnown = async (id: string): Promise<boolean> =>
    (await database.read.selectFrom('object').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
  let orphans = 0;
  for await (const _ of findOrphans(stores, isKnown, Date.now() - ORPHAN_AGE_MS)) orphans++;
  return { objects, states, bad, orphans };
}

/** All objects, in pages: a year of mail does not fit into memory. The key's first column alone would lose those of one id. */
async function* objectsOf(database: Database): AsyncIterable<ObjectRef> {
  const page = 1000;
  for (let after: ObjectRef = { objectId: '', kind: 'original', tenant: '' }; ; ) {
    const { objectId, kind, tenant } = after;
    const rows = await database.read
      .selectFrom('object')
      .select(['id', 'tenant', 'kind'])
      .where((eb) => eb(eb.refTuple('id', 'kind', 'tenant'), '>', eb.tuple(objectId, kind, tenant)))
      .orderBy('id')
      .orderBy('kind')
      .orderBy('tenant')
      .limit(page)
      .execute();
    for (const { id, tenant, kind } of rows) yield { objectId: id, tenant, kind };
    const last = rows.at(-1);
    if (rows.length < page || last === undefined) return;
    after = { objectId: last.id, kind: last.kind, tenant: last.tenant };
  }
}
