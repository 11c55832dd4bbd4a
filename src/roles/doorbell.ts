/**
 * What passes between the supervisor and a role's process: doorbells, «ready», and the order to stop. Nothing else: data
 * meets in the database and the stores.
 */
import { ROLES, type Role } from '../message/roles.ts';

export type ToSupervisor =
  | { readonly kind: 'ring'; readonly role: Role }
  /** The role does its work now; `port` is where it listens, 0 when it does not. */
  | { readonly kind: 'ready'; readonly port: number };

export type ToRole = { readonly kind: 'ring' } | { readonly kind: 'stop' };

/** A message from a role's process, or undefined when it is not one of ours. */
export function asToSupervisor(message: unknown): ToSupervisor | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return undefined;
  if (message.kind === 'ring' && 'role' in message && ROLES.includes(message.role as Role)) {
    return { kind: 'ring', role: message.role as Role };
  }
  if (message.kind === 'ready' && 'port' in message && typeof message.port === 'number') {
    return { kind: 'ready', port: message.port };
  }
  return undefined;
}

/** A message from the supervisor, or undefined. */
export function asToRole(message: unknown): ToRole | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return undefined;
  return message.kind === 'ring' || message.kind === 'stop' ? { kind: message.kind } : undefined;
}

/** The role's end of the wire. */
export interface Doorbell {
  /** Tells another role that work is there. A lost ring costs time, never mail. */
  ring(role: Role): void;
  onRing(listener: () => void): void;
  ready(port: number): void;
  /** The supervisor says stop, or is gone. Called once. */
  onStop(listener: () => void): void;
}

/** Rings for one role within this time are one: each wakes two processes. */
const RING_MS = 2;

/** Over the IPC channel that the supervisor opened. */
export function openDoorbell(): Doorbell {
  const pending = new Set<Role>();
  const send = (message: ToSupervisor): void => {
    // A dead supervisor: `disconnect` below ends this process in order.
    process.send?.(message, undefined, undefined, () => {});
  };
  return {
    ring(role) {
      if (pending.has(role)) return;
      pending.add(role);
      setTimeout(() => {
        pending.delete(role);
        send({ kind: 'ring', role });
      }, RING_MS);
    },
    ready: (port) => send({ kind: 'ready', port }),
    onRing(listener) {
      process.on('message', (message) => {
        if (asToRole(message)?.kind === 'ring') listener();
      });
    },
    onStop(listener) {
      let told = false;
      const once = (): void => {
        if (told) return;
        told = true;
        listener();
      };
      process.on('message', (message) => {
        if (asToRole(message)?.kind === 'stop') once();
      });
      process.on('disconnect', once);
      process.on('SIGTERM', once);
      // Ctrl-C reaches the whole foreground group; the supervisor decides the order.
      process.on('SIGINT', () => {});
    },
  };
}
