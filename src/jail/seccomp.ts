/**
 * The seccomp filter of a jailed child, as the plain BPF bytes that `bwrap --seccomp` and `setpriv --seccomp-filter` load
 * (seccomp(2), struct sock_filter, in the machine's byte order). What it refuses stands in seccomp-calls.ts.
 *
 * A call under another architecture's or x32's numbering kills the process. Known open: `execve` (the launcher itself must
 * still start node), so node could replace itself by another program that it can see; in the private root there is only
 * node. Measured call by call by test/unit/jail/escape.test.ts and, number by number, by seccomp.test.ts beside it.
 */
import {
  ABSENT,
  CONDITIONS,
  type Condition,
  LAST_KNOWN,
  type Numbers,
  REFUSED,
  type Rule,
  VALUES,
} from './seccomp-calls.ts';

const ARCHITECTURES = {
  x64: { audit: 0xc000003e, column: 0 },
  arm64: { audit: 0xc00000b7, column: 1 },
} as const;

const X32_BIT = 0x40000000;

const EPERM = 1;
const ENOSYS = 38;
const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const errno = (code: number): number => 0x00050000 | code;

// Offsets in struct seccomp_data; both architectures are little-endian, so the low word of an argument comes first.
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

// Opcodes of linux/bpf_common.h.
const LOAD = 0x20;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

/** The filter for a processor architecture as node names it (`process.arch`), or `undefined` when we have none. */
export function seccompFilter(arch: string): Buffer | undefined {
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  const { audit, column } = ARCHITECTURES[arch];
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
    [JUMP_GREATER_EQUAL, 0, 1, X32_BIT],
    [RETURN, 0, 0, KILL_PROCESS],
    [JUMP_GREATER_EQUAL, 0, 1, LAST_KNOWN + 1],
    [RETURN, 0, 0, errno(ENOSYS)],
    ...Object.values(ABSENT).flatMap((numbers) => refuse(numbers[column], errno(ENOSYS))),
    ...REFUSED.flatMap(({ calls }) => Object.values(calls)).flatMap((numbers) => refuse(numbers[column], errno(EPERM))),
    ...CONDITIONS.flatMap((condition) => conditional(condition, column)),
    [RETURN, 0, 0, ALLOW],
  ];
  return assemble(program);
}

const refuse = (number: number, answer: number): readonly Instruction[] =>
  number < 0
    ? []
    : [
        [JUMP_EQUAL, 0, 1, number],
        [RETURN, 0, 0, answer],
      ];

/** Ends the program for that call: the accumulator is spent. */
function conditional(condition: Condition, column: keyof Numbers & number): readonly Instruction[] {
  const number = condition.numbers[column];
  if (number === undefined || number < 0) return [];
  const body: readonly Instruction[] = [
    ...condition.rules.flatMap((rule): readonly Instruction[] => [
      [LOAD, 0, 0, argument(condition.argument)],
      ...refusalOf(rule),
    ]),
    [RETURN, 0, 0, ALLOW],
  ];
  return [[JUMP_EQUAL, 0, body.length, number], ...body];
}

/** Refuses, or falls through to what follows. */
function refusalOf(rule: Rule): readonly Instruction[] {
  const refusal: Instruction = [RETURN, 0, 0, errno(EPERM)];
  switch (rule.kind) {
    case 'needs':
      return [[JUMP_ANY_BIT, 1, 0, sum(rule.bits)], refusal];
    case 'without':
      return [[JUMP_ANY_BIT, 0, 1, sum(rule.bits)], refusal];
    case 'together':
      return [[AND, 0, 0, sum(rule.bits)], [JUMP_EQUAL, 0, 1, sum(rule.bits)], refusal];
    case 'zero':
      return [[JUMP_EQUAL, 1, 0, 0], refusal];
    case 'not':
      return rule.values.flatMap((name): readonly Instruction[] => [[JUMP_EQUAL, 0, 1, numberOf(name)], refusal]);
  }
}

const numberOf = (name: string): number => {
  const value = VALUES[name];
  if (value === undefined) throw new Error(`seccomp-calls.ts has no value for ${name}`);
  return value;
};

const sum = (names: readonly string[]): number => names.reduce((bits, name) => bits | numberOf(name), 0);

function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, k], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}
