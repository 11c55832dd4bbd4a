/** Runs a seccomp filter as the kernel would: classic BPF over struct seccomp_data (linux/filter.h, linux/seccomp.h). */

export interface Call {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number;
  readonly number: number;
  readonly arguments?: readonly bigint[];
}

export const AUDIT = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003 } as const;

export type Verdict = 'allow' | 'kill' | 'EPERM' | 'ENOSYS';

/** @throws Error when the kernel would refuse to load it: jumps out of it, unknown instructions, an end without a return. */
export function runFilter(filter: Buffer, call: Call): Verdict {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.audit >>> 0, 4);
  call.arguments?.forEach((value, index) => {
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  });
  let accumulator = 0;
  for (let at = 0; ; ) {
    if ((at + 1) * 8 > filter.length) throw new Error(`the filter ends at ${at}`);
    const code = filter.readUInt16LE(at * 8);
    const [ifTrue, ifFalse] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)];
    const k = filter.readUInt32LE(at * 8 + 4);
    at += 1;
    switch (code) {
      case 0x20:
        if (k % 4 !== 0 || k > 60) throw new Error(`a load from ${k}`);
        accumulator = data.readUInt32LE(k);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x15:
        at += accumulator === k ? ifTrue : ifFalse;
        break;
      case 0x35:
        at += accumulator >= k ? ifTrue : ifFalse;
        break;
      case 0x45:
        at += (accumulator & k) !== 0 ? ifTrue : ifFalse;
        break;
      case 0x06:
        return verdict(k);
      default:
        throw new Error(`instruction ${code.toString(16)}`);
    }
  }
}

function verdict(value: number): Verdict {
  switch (value) {
    case 0x7fff0000:
      return 'allow';
    case 0x80000000:
      return 'kill';
    case 0x00050001:
      return 'EPERM';
    case 0x00050026:
      return 'ENOSYS';
    default:
      throw new Error(`answer ${value.toString(16)}`);
  }
}
