/** What the jail's tests share: settings, jobs, and a pool over a program of ours. */
import { fileURLToPath } from 'node:url';
import { type Settings, settingsSchema } from '../../../src/config/schema.ts';
import type { LauncherName, Plan } from '../../../src/jail/launcher.ts';
import { type LayerReport, probeLayers } from '../../../src/jail/layers.ts';
import { createJail, type OpenJail } from '../../../src/jail/pool.ts';
import type { MessageJob } from '../../../src/message/jobs.ts';
import { DEFAULT_POLICY } from '../../../src/policy/policy.ts';
import { openLog } from '../../../src/telemetry/log.ts';

export const program = (name: string): string => fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));

const parts = settingsSchema.pick({ jail: true, sanitizer: true });

export const settingsWith = (
  jail: Partial<Settings['jail']> = {},
  sanitizer: Partial<Settings['sanitizer']> = {},
): Pick<Settings, 'jail' | 'sanitizer'> => parts.parse({ jail, sanitizer: { childMemoryMiB: 512, ...sanitizer } });

/** A small answer bound, so that a test of «too large» is quick. */
export const messageJob = (): MessageJob => ({
  kind: 'message',
  facts: {
    messageId: 'm-1',
    tenant: { id: 'chuo', name: '中央市', domains: ['city.example.lg.jp'] },
    gatewayHost: 'gw.example.lg.jp',
    reversePath: 'sender@example.com',
    recipients: ['taro@city.example.lg.jp'],
    peerAddress: '192.0.2.1',
    receivedAtMs: 0,
    originalBytes: 0,
    contact: '情報政策課',
  },
  policy: { ...DEFAULT_POLICY, version: '0000000000000000' },
  holdParts: {},
  passwords: [],
  lineEnds: 'crlf',
});

/** Children without a launcher: what is tested is the conversation. */
const barePlan: Plan = { launcher: 'none', uid: 'same', memoryMiB: 512 };

export function bareJail(name: string, sanitizer: Partial<Settings['sanitizer']> = {}): OpenJail {
  const layers: LayerReport = { plan: barePlan, layers: [], tried: [] };
  return jailOver(name, layers, sanitizer);
}

export function jailOver(name: string, layers: LayerReport, sanitizer: Partial<Settings['sanitizer']> = {}): OpenJail {
  return createJail({
    settings: settingsWith({}, sanitizer),
    layers,
    log: openLog('test', 'silent'),
    programs: { child: program(name), inspector: program('honest') },
  });
}

/** `undefined`, with the reason printed, where this machine does not allow the launcher. */
export async function layersOf(
  launcher: LauncherName,
  secretPaths: readonly string[] = [],
): Promise<LayerReport | undefined> {
  try {
    return await probeLayers(settingsWith({ launcher }), secretPaths);
  } catch (error) {
    console.warn(`skipped: ${launcher} does not start children here: ${String(error)}`);
    return undefined;
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
