/** The judging process: loads the tests once, then switches on one mutant after another and runs what reaches it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Modules, openModules } from './modules.ts';
import type { Baseline, FromJudge, JudgeTask, Seen, ToJudge, Verdict } from './protocol.ts';

/** How Stryker's instrumented code is told what to do. */
interface Switchboard {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number;
  /** Ours: no counting while mutants are judged. */
  isCounting?: boolean;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

const board: Switchboard = { isCounting: true, mutantCoverage: { static: {}, perTest: {} } };
Object.assign(globalThis, { __stryker__: board });

/** A loop that a mutant made endless ends here: so much more often than without the mutant. */
const HIT_FACTOR = 100;
const HIT_FLOOR = 100_000;

/** A variable of the module itself. */
const FILLED_LATER = /^(?:export )?let /m;

/** Tests that take so long together are watched as one. */
const GRANT_MS = 300;

interface LoadedTest {
  readonly name: string;
  readonly file: string;
  run(): Promise<void>;
}

const send = (message: FromJudge): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });

process.on('message', (message: ToJudge) => void answer(message));
// Nobody would hear the verdicts of a process whose parent is gone.
process.on('disconnect', () => process.exit(1));
// A promise that a mutant left alone belongs to no test any more.
process.on('unhandledRejection', () => undefined);
for (const name of ['log', 'info', 'warn', 'error'] as const) console[name] = () => undefined;

async function answer(message: ToJudge): Promise<void> {
  const { task } = message;
  process.chdir(task.folder);
  process.env['TMPDIR'] = join(task.folder, 'tmp');
  const modules = openModules(task.folder, task.files);
  const tests = await load(task);
  if (message.kind === 'baseline') {
    const baseline = await runAll(tests);
    if (baseline !== undefined) await send({ kind: 'baseline', baseline });
  } else {
    board.isCounting = false;
    const judge = judgeOf(task, message.baseline, tests, modules);
    for (const id of message.ids) await send({ kind: 'verdict', id, verdict: await judge(id) });
    await send({ kind: 'done' });
  }
  process.exit(0);
}

async function load({ folder, tests }: JudgeTask): Promise<readonly LoadedTest[]> {
  const { takeTests } = await import('./registry.ts');
  const loaded: LoadedTest[] = [];
  for (const file of tests) {
    await import(pathToFileURL(join(folder, file)).href);
    loaded.push(...takeTests().map(({ name, run }) => ({ name, file, run })));
  }
  return loaded;
}

/** Every test without a mutant: it must pass. */
async function runAll(tests: readonly LoadedTest[]): Promise<Baseline | undefined> {
  const seen: Seen[] = [];
  for (const [i, test] of tests.entries()) {
    board.currentTestId = `t${i}`;
    const before = process.cpuUsage();
    try {
      await test.run();
    } catch (error) {
      await send({ kind: 'red', test: `${test.file}: ${test.name}`, error: String(error).slice(0, 500) });
      return undefined;
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    seen.push({ name: test.name, file: test.file, ms, hits: board.mutantCoverage?.perTest[`t${i}`] ?? {} });
  }
  return { tests: seen, atLoad: Object.keys(board.mutantCoverage?.static ?? {}) };
}

function judgeOf(
  task: JudgeTask,
  baseline: Baseline,
  tests: readonly LoadedTest[],
  modules: Modules,
): (id: string) => Promise<Verdict> {
  const fileOf = new Map(task.mutants.map(({ id, file }) => [id, file]));
  const idsOf = new Map<string, string[]>();
  for (const { id, file } of task.mutants) idsOf.set(file, [...(idsOf.get(file) ?? []), id]);
  // What such a file fills at first use would stay as the first mutant left it: each of its mutants gets new instances.
  const filling = new Set(
    task.files.filter((file) => FILLED_LATER.test(readFileSync(join(task.folder, file), 'utf8'))),
  );
  const loadedIds = new Set([
    ...baseline.atLoad,
    ...task.mutants.filter(({ file }) => filling.has(file)).map(({ id }) => id),
  ]);
  const order = baseline.tests
    .map((_, i) => i)
    .filter((i) => ms(i) <= task.mostMs)
    .sort((a, b) => ms(a) - ms(b));
  /** What killed last stands first: neighbours often die of the same test. */
  let killers: readonly number[] = [];

  const loadedBy = new Map<string, ReadonlySet<string>>();
  function loads(test: string, file: string): boolean {
    const loaded = loadedBy.get(test) ?? modules.loadedBy(test);
    loadedBy.set(test, loaded);
    return loaded.has(file);
  }

  function ms(i: number): number {
    return baseline.tests[i]?.ms ?? 0;
  }

  function reaching(id: string, file: string, files: readonly string[]): readonly number[] {
    const isLoaded = loadedIds.has(id);
    const ids = isLoaded ? files.flatMap((one) => idsOf.get(one) ?? []) : [id];
    const hit = order.filter((i) => ids.some((one) => baseline.tests[i]?.hits[one] !== undefined));
    // A table may be read where no mutant stands that would tell: so every test that loads it comes after those.
    const loading = isLoaded ? order.filter((i) => loads(tests[i]?.file ?? '', file)) : [];
    const found = new Set([...hit, ...loading]);
    return [...new Set([...killers.filter((i) => found.has(i)), ...found])];
  }

  /** What the next test takes, and those behind it as long as all are quick: an endless one is noticed soon, by few messages. */
  function grantOf(waiting: readonly number[]): number {
    let sum = 0;
    for (const i of waiting) {
      if (sum > 0 && sum + ms(i) > GRANT_MS) break;
      sum += ms(i);
    }
    return sum;
  }

  async function failing(id: string, chosen: readonly number[]): Promise<Verdict | undefined> {
    let grantedMs = 0;
    for (const [place, i] of chosen.entries()) {
      if (grantedMs < ms(i)) {
        grantedMs = grantOf(chosen.slice(place));
        await send({ kind: 'begin', id, budgetMs: grantedMs });
      }
      grantedMs -= ms(i);
      const test = tests[i];
      if (test === undefined) throw new Error('the tests differ from those of the first run');
      const hits = baseline.tests[i]?.hits[id] ?? 0;
      Object.assign(board, { hitCount: 0, hitLimit: hits * HIT_FACTOR + HIT_FLOOR });
      const by = `${test.file}: ${test.name}`;
      const passed = await test.run().then(
        () => true,
        () => false,
      );
      const isEndless = (board.hitCount ?? 0) > (board.hitLimit ?? 0);
      if (passed && !isEndless) continue;
      killers = [i, ...killers.filter((killer) => killer !== i)].slice(0, 5);
      return { kind: isEndless ? 'endless' : 'killed', by };
    }
    return undefined;
  }

  return async (id) => {
    const file = fileOf.get(id) ?? '';
    const files = modules.dependents(file);
    const chosen = reaching(id, file, files);
    if (chosen.length === 0) return { kind: 'unreached' };
    await send({ kind: 'begin', id, budgetMs: 0 });
    const isLoaded = loadedIds.has(id);
    Object.assign(board, { activeMutant: id, hitCount: 0, hitLimit: HIT_FLOOR });
    try {
      if (isLoaded) await modules.reload(files);
      return (await failing(id, chosen)) ?? { kind: 'survived', tests: chosen.length };
    } catch (error) {
      return { kind: 'killed', by: `loading: ${String(error).slice(0, 100)}` };
    } finally {
      board.activeMutant = undefined;
      if (isLoaded) await modules.restore(files);
    }
  };
}
