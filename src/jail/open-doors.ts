/**
 * What a hijacked child with native code could still do, although the layers hold that hold. Told by `doctor` in words, and
 * measured: the evidence compares this list with what 90 attempts from inside got through (test/kit/jail/escape).
 */
import type { OpenDoor } from '../message/texts-jail.ts';
import type { LayerReport } from './layers.ts';

export function openDoors({ plan, layers }: LayerReport): readonly OpenDoor[] {
  const holds = (name: string): boolean => layers.some((layer) => layer.name === name && layer.held);
  if (holds('seccomp')) return ['node-again'];
  const doors: readonly OpenDoor[] = ['node-again', 'processes', 'memory', 'left-behind', 'kernel-calls'];
  // bwrap and unshare put a child into a namespace where its parent has no number.
  const seesParent = plan.launcher === 'none' || plan.launcher === 'setpriv';
  return seesParent && !holds('own-uid') ? [...doors, 'parent'] : doors;
}
