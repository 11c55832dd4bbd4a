/**
 * The least that a relay on our own libraries can be: smtp-server takes a mail, nodemailer hands it on. `durable`: written,
 * synced, renamed, its folder synced, before 250. `memory`: nothing is kept anywhere. Nothing is looked at.
 * `node bare-relay.ts durable|memory LISTEN_PORT SINK_PORT SPOOL`
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createTransport } from 'nodemailer';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope } from 'smtp-server';

const [kind = '', listenPort = '', sinkPort = '', spool = ''] = process.argv.slice(2);

/** Deliveries at once: as many as postfix gets. */
const DELIVERIES = 20;

const transport = createTransport({
  pool: true,
  host: '127.0.0.1',
  port: Number(sinkPort),
  ignoreTLS: true,
  maxConnections: DELIVERIES,
  maxMessages: Number.POSITIVE_INFINITY,
});

let count = 0;

/** Resolves when the mail is ours. @returns what hands it on */
type Take = (stream: SMTPServerDataStream, envelope: Envelope) => Promise<() => Promise<void>>;

/** In nodemailer's form: changeable, and an object type, which an interface would not be. */
type Envelope = { from: string; to: string[] };

const durable: Take = async (stream, envelope) => {
  const name = `${process.pid}-${++count}`;
  const [temporary, file] = [join(spool, `.${name}`), join(spool, name)];
  await pipeline(stream, createWriteStream(temporary, { flush: true }));
  await rename(temporary, file);
  await syncFolder();
  return async () => {
    await transport.sendMail({ envelope, raw: createReadStream(file) });
    await rm(file);
  };
};

const memory: Take = async (stream, envelope) => {
  const raw = await buffer(stream);
  return async () => {
    await transport.sendMail({ envelope, raw });
  };
};

async function syncFolder(): Promise<void> {
  const handle = await open(spool);
  await handle.sync();
  await handle.close();
}

const take = kind === 'durable' ? durable : memory;

const envelopeOf = ({ mailFrom, rcptTo }: SMTPServerEnvelope): Envelope => ({
  from: mailFrom === false ? '' : mailFrom.address,
  to: rcptTo.map(({ address }) => address),
});

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onData(stream, session, done) {
    take(stream, envelopeOf(session.envelope)).then(
      (deliver) => {
        done();
        deliver().catch((error: Error) => process.stderr.write(`${error.message}\n`));
      },
      (error: Error) => done(error),
    );
  },
});
server.on('error', () => {});
server.listen(Number(listenPort), '127.0.0.1');
