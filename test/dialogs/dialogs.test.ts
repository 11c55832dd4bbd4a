/** Every conversation of this folder, played against a real intake. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestIntake, type TestIntake } from './kit.ts';
import { parseDialog, play } from './player.ts';

const folder = import.meta.dirname;
const dialogs = readdirSync(folder)
  .filter((file) => file.endsWith('.cmy'))
  .map((file) => ({ file, ...parseDialog(readFileSync(join(folder, file), 'utf8')) }));

let intake: TestIntake;
beforeEach(async () => {
  intake = await openTestIntake({ limits: { graceMs: 100 } });
});
afterEach(() => intake.close());

test.each(dialogs)('$file: $title', async (dialog) => {
  expect(await play(dialog, intake)).toBeUndefined();
});
