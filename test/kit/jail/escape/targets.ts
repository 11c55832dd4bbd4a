/** What an escape attempt is told by whoever plays the gateway: where the treasures lie. A real attacker would have to guess. */

/** Not an attempt: shows that native code is at hand inside, without which most refusals would prove nothing. */
export const ARMED = 'armed';

export interface Targets {
  /** Attempt to make: an id of attempts.ts. */
  readonly attempt: string;
  readonly addon: string;
  /** Numbers of all system calls on this architecture, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly parentPid: number;
  /** Something mapped in the parent's memory. */
  readonly parentAddress: string;
  /** A descriptor that the parent holds on a file with a secret in it. */
  readonly parentDescriptor: number;
  readonly configuration: string;
  readonly keys: readonly string[];
  readonly storeFolder: string;
  readonly database: string;
  /** A folder and a file that everybody may write to: only the jail can be what refuses. */
  readonly openFolder: string;
  readonly openFile: string;
  /** Folders where a program might try to leave something. */
  readonly folders: readonly string[];
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly unixPath: string;
  /** Without its leading NUL. */
  readonly abstractName: string;
  /** Memory that the plan allows, in MiB: RLIMIT_DATA. */
  readonly allowedMiB: number;
  /** Name for whatever an attempt makes. */
  readonly name: string;
}

/** `could`: the attempt did what it wanted. `said`: an errno's name, a value, a first line: no secret. */
export interface Tried {
  readonly could: boolean;
  readonly said: string;
}

/** What an attack is after: one row group of the evidence's table. */
export type Aim = 'read' | 'write' | 'network' | 'process' | 'parent' | 'kernel' | 'exhaust';

export interface Attempt {
  readonly id: string;
  readonly aim: Aim;
  readonly what: string;
  /** 'script': through node's own functions. 'native': system calls of native code, which node's permissions do not see. */
  readonly by: 'script' | 'native';
  /** The process is not to be used again afterwards. */
  readonly spoils?: true;
  run(targets: Targets): Tried | Promise<Tried>;
}

export const could = (said: string | number | bigint): Tried => ({ could: true, said: String(said) });
export const refused = (said: string): Tried => ({ could: false, said });

/** The first that succeeded; else what the last one said. */
export function anyOf(tried: readonly Tried[]): Tried {
  return tried.find((one) => one.could) ?? tried.at(-1) ?? refused('nothing to try');
}
