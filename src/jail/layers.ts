/**
 * Chooses how children are started on this machine and says what holds. Nothing is concluded from versions or
 * documentation: each launcher is tried, and a probe inside tries to get out.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/schema.ts';
import { GatewayError } from '../message/errors.ts';
import { JAIL_TEXTS, type JailLayer } from '../message/texts-jail.ts';
import { JailedProcess } from './jailed-process.ts';
import { type KernelView, viewProcess } from './kernel-view.ts';
import { commandFor, type LauncherName, type Plan } from './launcher.ts';
import { type ProbeBody, type ProbeFinding, parseFindings } from './probe-findings.ts';
import { INSPECTION_BOUNDS } from './protocol.ts';
import { canBecome, findTools, type Tools } from './tools.ts';

/** `by`: who refuses. 'node': only node's permission model does, which native code could pass by. */
export interface LayerState {
  readonly name: JailLayer;
  readonly held: boolean;
  readonly by: 'kernel' | 'node' | 'nobody';
  /** What the probe could do against it, and the like: paths and names of ours, for the operator. */
  readonly seen: readonly string[];
  readonly text: { readonly ja: string; readonly en: string };
}

export interface Attempt {
  readonly launcher: LauncherName;
  readonly works: boolean;
  /** Why it does not start children, in the launcher's own words. */
  readonly detail: string;
}

export interface LayerReport {
  readonly plan: Plan;
  readonly layers: readonly LayerState[];
  readonly tried: readonly Attempt[];
}

type JailSettings = Pick<Settings, 'jail' | 'sanitizer'>;

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const PROBE = fileURLToPath(new URL(`./probe.${EXTENSION}`, import.meta.url));
const PROBE_MS = 20_000;
const LAYERS: readonly JailLayer[] = [
  'no-network',
  'no-file-writes',
  'no-spawn',
  'own-uid',
  'private-root',
  'seccomp',
  'rlimits',
  'no-new-privs',
];

/**
 * Tries the launchers from the strongest down and takes the first whose layers include `jail.minimum`; when none does,
 * the one with most layers. Takes about 0.3 s for each launcher tried.
 * @param secretPaths folders that no child may read (keys, data): the probe tries.
 * @throws GatewayError E_JAIL_UNAVAILABLE when no launcher starts a child at all.
 */
export async function probeLayers(settings: JailSettings, secretPaths: readonly string[] = []): Promise<LayerReport> {
  const tools = findTools();
  const tried: Attempt[] = [];
  let best: LayerReport | undefined;
  for (const plan of plansFor(settings, tools)) {
    const probed = await probePlan(plan, tools, secretPaths);
    tried.push({ launcher: plan.launcher, works: probed.works, detail: probed.works ? '' : probed.detail });
    if (!probed.works) continue;
    const report: LayerReport = { plan, layers: probed.layers, tried };
    if (missingLayers(report, settings).length === 0) return report;
    if (best === undefined || countHeld(report) > countHeld(best)) best = report;
  }
  if (best !== undefined) return best;
  const why = tried.map(({ launcher, detail }) => `${launcher}: ${detail}`).join('; ');
  throw new GatewayError('E_JAIL_UNAVAILABLE', `no way to start a jailed process: ${why}`);
}

/** Layers of `jail.minimum` that do not hold. */
export const missingLayers = (report: LayerReport, settings: JailSettings): readonly LayerState[] =>
  report.layers.filter(({ name, held }) => !held && settings.jail.minimum.includes(name));

/** @throws GatewayError E_JAIL_BELOW_MINIMUM in the production profile when a layer of `jail.minimum` does not hold. */
export function requireMinimum(report: LayerReport, settings: JailSettings & Pick<Settings, 'profile'>): void {
  const missing = missingLayers(report, settings);
  if (missing.length === 0 || settings.profile !== 'production') return;
  throw new GatewayError(
    'E_JAIL_BELOW_MINIMUM',
    missing.map(({ name, text }) => `${name}: ${text.ja} / ${text.en}`).join('\n'),
    { launcher: report.plan.launcher, missing: missing.map(({ name }) => name).join(',') },
  );
}

function plansFor({ jail, sanitizer }: JailSettings, tools: Tools): readonly Plan[] {
  const uid = canBecome(tools, jail.uid) ? jail.uid : 'same';
  const present: Record<LauncherName, boolean> = {
    setpriv: tools.setprivConfines,
    bwrap: tools.bwrap !== undefined,
    unshare: tools.unshare !== undefined && tools.setpriv !== undefined,
    none: true,
  };
  const wanted = (['setpriv', 'bwrap', 'unshare', 'none'] as const).filter((launcher) =>
    jail.launcher === 'auto' ? present[launcher] : jail.launcher === launcher,
  );
  const plansAs = (who: Plan['uid']): readonly Plan[] =>
    wanted.map((launcher) => ({ launcher, uid: who, memoryMiB: sanitizer.childMemoryMiB }));
  // A clone made under umask 077 can be read by its owner alone: rather our own user id, told as such, than no start.
  return uid === 'same' ? plansAs('same') : [...plansAs(uid), ...plansAs('same')];
}

const countHeld = ({ layers }: LayerReport): number =>
  layers.filter(({ held }) => held).length * 10 + layers.filter(({ by }) => by === 'kernel').length;

type Probed =
  | { readonly works: true; readonly layers: readonly LayerState[] }
  | { readonly works: false; readonly detail: string };

async function probePlan(plan: Plan, tools: Tools, secretPaths: readonly string[]): Promise<Probed> {
  const listeners = await listen();
  const body: ProbeBody = {
    ...listeners.ports,
    secretPaths,
    parentPid: process.pid,
    name: `sekisho-probe-${randomBytes(8).toString('hex')}`,
  };
  const [kernel, node] = await Promise.all([runProbe(plan, tools, 'off', body), runProbe(plan, tools, 'on', body)]);
  listeners.close();
  if ('failure' in kernel) return { works: false, detail: kernel.failure };
  if ('failure' in node) return { works: false, detail: node.failure };
  return { works: true, layers: LAYERS.map((name) => judge(name, kernel, node)) };
}

interface ProbeResult {
  readonly could: readonly ProbeFinding[];
  readonly view: KernelView | undefined;
}

async function runProbe(
  plan: Plan,
  tools: Tools,
  permissions: 'on' | 'off',
  body: ProbeBody,
): Promise<ProbeResult | { readonly failure: string }> {
  const child = new JailedProcess(commandFor(plan, tools, PROBE, permissions));
  try {
    const started = await child.started;
    if (started.kind === 'failed') return { failure: started.detail };
    const view = viewProcess(child.pid);
    const answer = await child.ask({ body, blobs: [] }, INSPECTION_BOUNDS, PROBE_MS);
    if (answer.kind === 'failed') return { failure: `probe ${answer.why}: ${answer.detail}` };
    const could = parseFindings(answer.value.body);
    return could === undefined ? { failure: 'probe answered nonsense' } : { could, view };
  } finally {
    child.kill();
  }
}

/** What the probe must not have been able to do, for the layers that it tries by itself. */
const TRIED: Partial<Record<JailLayer, readonly ProbeFinding['what'][]>> = {
  'no-network': ['network'],
  'no-file-writes': ['write'],
  'no-spawn': ['spawn', 'signal'],
  'private-root': ['read'],
};

/** What the kernel shows about the process, for the others. */
const SHOWN: Partial<Record<JailLayer, (view: KernelView) => boolean>> = {
  'own-uid': ({ uid, capabilities }) => uid !== 0 && uid !== process.geteuid?.() && !capabilities,
  seccomp: ({ seccomp }) => seccomp,
  rlimits: ({ limited }) => limited,
  'no-new-privs': ({ noNewPrivs }) => noNewPrivs,
};

function judge(name: JailLayer, kernel: ProbeResult, node: ProbeResult): LayerState {
  const kinds = TRIED[name];
  const { by, seen } = kinds === undefined ? judgeShown(name, node.view) : judgeTried(kinds, kernel, node);
  const held = by !== 'nobody';
  return { name, held, by, seen, text: JAIL_TEXTS[name][by] };
}

function judgeTried(
  kinds: readonly ProbeFinding['what'][],
  kernel: ProbeResult,
  node: ProbeResult,
): Pick<LayerState, 'by' | 'seen'> {
  const of = ({ could }: ProbeResult): readonly string[] =>
    could.filter(({ what }) => kinds.includes(what)).map(({ what, detail }) => `${what} ${detail}`);
  const [bare, guarded] = [of(kernel), of(node)];
  if (bare.length === 0) return { by: 'kernel', seen: [] };
  return guarded.length === 0 ? { by: 'node', seen: bare } : { by: 'nobody', seen: guarded };
}

function judgeShown(name: JailLayer, view: KernelView | undefined): Pick<LayerState, 'by' | 'seen'> {
  const holds = view !== undefined && SHOWN[name]?.(view) === true;
  const seen = view === undefined ? ['/proc does not show the child'] : [];
  return holds ? { by: 'kernel', seen: [] } : { by: 'nobody', seen };
}

async function listen(): Promise<{ ports: { tcpPort: number; udpPort: number }; close: () => void }> {
  const tcp = createServer((socket) => socket.destroy());
  const udp = createSocket('udp4');
  tcp.listen(0, '127.0.0.1');
  udp.bind(0, '127.0.0.1');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
  const address = tcp.address();
  return {
    ports: { tcpPort: typeof address === 'object' && address !== null ? address.port : 0, udpPort: udp.address().port },
    close: () => {
      tcp.close();
      udp.close();
    },
  };
}
