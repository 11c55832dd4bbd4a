/** `jail.minimum`: below it a production start is refused, with a sentence for each layer that is missing. */
import { describe, expect, test } from 'vitest';
import { type LayerReport, requireMinimum } from '../../../src/jail/layers.ts';
import { openJail } from '../../../src/jail/open.ts';
import { openDoors } from '../../../src/jail/open-doors.ts';
import { JAIL_TEXTS, type JailLayer, OPEN_DOOR_TEXTS } from '../../../src/message/texts-jail.ts';
import { openLog } from '../../../src/telemetry/log.ts';
import { settingsWith } from './setup.ts';

const NAMES = Object.keys(JAIL_TEXTS) as readonly JailLayer[];

/** All layers hold but these. */
const without = (...missing: readonly JailLayer[]): LayerReport => ({
  plan: { launcher: 'bwrap', uid: 64_009, memoryMiB: 256 },
  layers: NAMES.map((name) => {
    const by = missing.includes(name) ? 'nobody' : 'kernel';
    return { name, held: by === 'kernel', by, seen: [], text: JAIL_TEXTS[name][by] };
  }),
  tried: [],
});

const asking = (minimum: readonly JailLayer[], profile: 'production' | 'demo' = 'production') => ({
  ...settingsWith({ minimum: [...minimum] }),
  profile,
});

describe.each(NAMES)('jail.minimum asks for %s', (name) => {
  test('missing: refused, in both languages, and only this layer is blamed', () => {
    let said = '';
    try {
      requireMinimum(without(name), asking(NAMES));
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_JAIL_BELOW_MINIMUM', details: { missing: name } });
      said = (error as Error).message;
    }
    expect(said).toBe(`${name}: ${JAIL_TEXTS[name].nobody.ja} / ${JAIL_TEXTS[name].nobody.en}`);
  });

  test('missing but not asked for, held, or a demonstration: started', () => {
    expect(() => requireMinimum(without(name), asking(NAMES.filter((each) => each !== name)))).not.toThrow();
    expect(() => requireMinimum(without(), asking(NAMES))).not.toThrow();
    expect(() => requireMinimum(without(name), asking(NAMES, 'demo'))).not.toThrow();
  });
});

test('on this machine: without a launcher there is no seccomp, so the jail does not open', {
  timeout: 60_000,
}, async () => {
  const settings = { ...asking(['seccomp']), dataDir: '/nonexistent' };
  const opening = openJail({
    settings: { ...settings, jail: { ...settings.jail, launcher: 'none' } },
    log: openLog('test', 'silent'),
  });
  await expect(opening).rejects.toMatchObject({
    code: 'E_JAIL_BELOW_MINIMUM',
    message: expect.stringContaining(JAIL_TEXTS.seccomp.nobody.ja),
  });
});

test('what stays open is told in words: less with seccomp, most without anything', () => {
  expect(openDoors(without())).toEqual(['node-again']);
  expect(openDoors(without('seccomp'))).not.toContain('parent');
  const none: LayerReport = {
    ...without('seccomp', 'own-uid'),
    plan: { launcher: 'none', uid: 'same', memoryMiB: 256 },
  };
  expect(openDoors(none)).toEqual(Object.keys(OPEN_DOOR_TEXTS));
});
