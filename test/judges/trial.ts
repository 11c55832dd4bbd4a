/** The judges judged: what each says of its own controls. */
import { mkdirSync } from 'node:fs';
import type { Judge } from './judge.ts';

export interface Trial {
  /** Controls shown. */
  readonly asked: number;
  /** Those that it did not find, or found for another reason. */
  readonly problems: readonly string[];
}

/** @param folder of its own; made here */
export async function trial(judge: Judge, folder: string): Promise<Trial> {
  mkdirSync(folder, { recursive: true });
  const controls = await judge.positiveControls(folder);
  const found = await judge.judge(controls.map(({ subject }) => subject));
  const problems = controls.flatMap(({ subject, says }) => {
    const said = found.filter((finding) => finding.subject === subject.id).map(({ what }) => what);
    return said.some((what) => says.test(what))
      ? []
      : [`${subject.id}: ${says.source} not found; said: ${said.join('; ')}`];
  });
  return { asked: controls.length, problems };
}
