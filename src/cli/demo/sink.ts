/**
 * The demo's LGWAN side: a real SMTP server that keeps each mail in a Maildir (https://cr.yp.to/proto/maildir.html) and
 * the very bytes of DATA beside it. A destination, not part of the gateway.
 */
import { mkdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';

export interface ReceivedMail {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  /** DATA without dot-stuffing, as it came over the wire. */
  readonly bytes: Buffer;
  /** Where the raw bytes lie. */
  readonly file: string;
}

export interface Sink {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  close(): Promise<void>;
}

export interface SinkOptions {
  /** Gets `Maildir/` and `raw/`. */
  readonly folder: string;
  readonly port: number;
  /** Addresses that exist; others get 550. Undefined: all do. */
  readonly known?: ReadonlySet<string>;
}

export async function openSink({ folder, port, known }: SinkOptions): Promise<Sink> {
  for (const name of ['Maildir/tmp', 'Maildir/new', 'Maildir/cur', 'raw'])
    mkdirSync(join(folder, name), { recursive: true });
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    banner: 'LGWAN demo sink',
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onRcptTo({ address }, _session, done) {
      const exists = known === undefined || known.has(address.toLowerCase());
      done(exists ? undefined : Object.assign(new Error('5.1.1 no such mailbox'), { responseCode: 550 }));
    },
    onData(stream, { envelope }, done) {
      const reversePath = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      const recipients = envelope.rcptTo.map(({ address }) => address);
      keep(folder, stream)
        .then((kept) => {
          received.push({ reversePath, recipients, ...kept });
          done();
        })
        .catch((error: Error) => done(error));
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

let count = 0;

async function keep(folder: string, stream: SMTPServerDataStream): Promise<{ bytes: Buffer; file: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const name = `${Date.now()}.P${process.pid}Q${++count}.sink`;
  const file = join(folder, 'raw', `${name}.eml`);
  await writeFile(file, bytes);
  // Maildir readers expect LF line ends, delivered by rename from tmp to new.
  await writeFile(join(folder, 'Maildir', 'tmp', name), bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  await rename(join(folder, 'Maildir', 'tmp', name), join(folder, 'Maildir', 'new', name));
  return { bytes, file };
}
