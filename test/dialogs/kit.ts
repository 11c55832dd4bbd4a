/** A real intake on loopback with real tenants (lists in a temporary folder) and a vault that keeps bytes in memory. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Settings, settingsSchema } from '../../src/config/schema.ts';
import type { Incoming } from '../../src/flow/incoming.ts';
import type { IntakeDeps } from '../../src/intake/deps.ts';
import { openIntake } from '../../src/intake/intake.ts';
import type { IntakeLimits } from '../../src/intake/limits.ts';
import { postmasterOf } from '../../src/intake/postmaster.ts';
import { newId } from '../../src/message/ids.ts';
import { type Log, openLog } from '../../src/telemetry/log.ts';
import { openTenants } from '../../src/tenants/open.ts';
import type { ObjectRef, StoredObject, VaultWriter } from '../../src/vault/vault.ts';

export const DOMAINS = ['a.lg.jp', 'b.lg.jp', 'c.lg.jp', 'd.lg.jp', 'e.lg.jp', 'xn--wgv71a119e.jp'];
export const OWN_KEY_ID = '0123456789abcdef';

export interface Accepted {
  readonly incoming: Incoming;
  /** Clear bytes by tenant. */
  readonly bytes: ReadonlyMap<string, string>;
}

export interface TestIntakeOptions {
  readonly intake?: Partial<Settings['intake']>;
  readonly limits?: Partial<IntakeLimits>;
  readonly accept?: IntakeDeps['accept'];
  readonly vault?: IntakeDeps['vault'];
  /** Default: silent. */
  readonly log?: Log;
  /** Puts something of a test's own in the place of a dependency. */
  change?(deps: IntakeDeps): IntakeDeps;
  /** Fails the n-th octet written to the vault. */
  readonly failWrite?: Error;
}

export interface TestIntake {
  readonly port: number;
  readonly accepted: Accepted[];
  /** Objects that exist: finished and not aborted. */
  readonly objects: Map<string, StoredObject>;
  readonly aborted: ObjectRef[];
  close(): Promise<void>;
}

export async function openTestIntake(options: TestIntakeOptions = {}): Promise<TestIntake> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-intake-'));
  const log = options.log ?? openLog('test', 'silent');
  const tenantSettings = DOMAINS.map((domain) => tenant(folder, domain));
  const tenants = openTenants(
    { tenants: tenantSettings },
    {
      log,
      now: Date.now,
      ring: () => undefined,
      queue: { put: () => Promise.reject(new Error('no queue in this test')) },
      get database(): never {
        throw new Error('no database in this test');
      },
    },
  );
  const accepted: Accepted[] = [];
  const memory = new MemoryVault(options.failWrite);
  const accept: IntakeDeps['accept'] = async (incoming) => {
    const bytes = [...incoming.originals].map(([name, { objectId }]) => [name, memory.text(objectId)] as const);
    accepted.push({ incoming, bytes: new Map(bytes) });
    return incoming.routes.map(() => newId());
  };
  const settings = {
    host: 'gw.example.lg.jp',
    intake: settingsSchema.shape.intake.parse({ listen: '127.0.0.1:0', peers: ['127.0.0.1'], ...options.intake }),
  };
  const deps: IntakeDeps = {
    tenants,
    postmaster: postmasterOf({ intake: settings.intake, tenants: tenantSettings }),
    accept: options.accept ?? accept,
    vault: options.vault ?? memory,
    log,
    ownReceiptKeyIds: [OWN_KEY_ID],
    now: Date.now,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  };
  const intake = await openIntake(settings, options.change?.(deps) ?? deps);
  return {
    port: intake.port,
    accepted,
    objects: memory.objects,
    aborted: memory.aborted,
    async close() {
      await intake.close();
      tenants.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function tenant(folder: string, domain: string): Settings['tenants'][number] {
  const id = domain.replace(/[^a-z0-9]/g, '-').slice(0, 30);
  const file = join(folder, `${id}.txt`);
  const people = Array.from({ length: 120 }, (_, index) => `user${index}@${domain}`);
  writeFileSync(file, ['# staff', `taro@${domain}`, `a..b.@${domain}`, ...people].join('\n'));
  return settingsSchema.shape.tenants.element.parse({
    id,
    name: id,
    domains: [domain],
    recipients: { kind: 'list', file },
    administrators: [`taro@${domain}`],
    contact: 'desk',
    nextHop: { host: '127.0.0.1' },
  });
}

class MemoryVault {
  readonly objects = new Map<string, StoredObject>();
  readonly aborted: ObjectRef[] = [];
  readonly #bytes = new Map<string, Buffer>();
  readonly #failWrite: Error | undefined;

  constructor(failWrite: Error | undefined) {
    this.#failWrite = failWrite;
  }

  text(objectId: string): string {
    return this.#bytes.get(objectId)?.toString('latin1') ?? '';
  }

  async create(ref: ObjectRef): Promise<VaultWriter> {
    const chunks: Uint8Array[] = [];
    return {
      write: async (chunk) => {
        if (this.#failWrite) throw this.#failWrite;
        chunks.push(Buffer.from(chunk));
      },
      finish: async () => {
        const bytes = Buffer.concat(chunks);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const object: StoredObject = { ...ref, sealedTo: 'sanitizer', bytes: bytes.length, sha256 };
        this.#bytes.set(ref.objectId, bytes);
        this.objects.set(ref.objectId, object);
        return object;
      },
      abort: async () => {
        this.aborted.push(ref);
        this.objects.delete(ref.objectId);
      },
    };
  }
}

/** A client that writes octets as told and reads whole replies. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(port: number, host = '127.0.0.1') {
    this.socket = connect({ port, host });
    this.socket.setNoDelay(true);
    const wake = () => this.#wake();
    this.socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
      wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#closed = true;
      wake();
    });
  }

  /** Next whole reply, all its lines; 'closed' when the connection ended before one. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\n]*\r\n)*\d{3} [^\n]*\r\n/.exec(this.#received);
      if (match !== null) {
        this.#received = this.#received.slice(match[0].length);
        return match[0].trimEnd();
      }
      if (this.#closed) return 'closed';
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Every reply until the connection ends. */
  async rest(): Promise<readonly string[]> {
    const replies: string[] = [];
    for (;;) {
      const reply = await this.reply();
      if (reply === 'closed') return replies;
      replies.push(reply);
    }
  }

  async command(line: string): Promise<string> {
    this.socket.write(Buffer.from(`${line}\r\n`, 'latin1'));
    return this.reply();
  }

  /** Writes in pieces of `size` octets, each its own segment as far as the kernel agrees. */
  async write(text: string, size = Number.POSITIVE_INFINITY): Promise<void> {
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += size) {
      this.socket.write(bytes.subarray(at, at + size));
      if (size < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Greeting, EHLO, MAIL, RCPTs, DATA; the client then stands before the message. */
  async upToData(...recipients: readonly string[]): Promise<void> {
    await this.reply();
    await this.command('EHLO mx.example.com');
    await this.command('MAIL FROM:<sender@example.com>');
    for (const recipient of recipients.length === 0 ? ['taro@a.lg.jp'] : recipients) {
      await this.command(`RCPT TO:<${recipient}>`);
    }
    await this.command('DATA');
  }

  end(): void {
    this.socket.destroy();
  }
}

/** A message as it goes over the wire, with its end. */
export const wire = (body: string, header = 'From: <s@example.com>\r\nSubject: hi\r\n'): string =>
  `${header}\r\n${body}\r\n.\r\n`;
