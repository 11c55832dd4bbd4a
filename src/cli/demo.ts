/**
 * `npm start`: everything on loopback with embedded defaults. Starts the gateway and a mail server in the place of the
 * LGWAN zone, sends the sample mails by real SMTP, prints what became of each, and keeps running until Ctrl-C.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { configText, loadSettings } from '../config/load.ts';
import { verifyForwarded } from '../gate/forwarded.ts';
import { publicFile } from '../keys/directory.ts';
import { loadReceiptVerifiers } from '../keys/load.ts';
import { GatewayError } from '../message/errors.ts';
import { END_STATES } from '../message/states.ts';
import { OUTCOME_SENTENCES, STATE_SENTENCES } from '../message/texts.ts';
import { readJailState } from '../roles/jail-state.ts';
import { prepareDataFolder } from '../roles/prepare.ts';
import { startSupervisor } from '../roles/supervisor.ts';
import { openLog } from '../telemetry/log.ts';
import { layersTable } from './demo/layers.ts';
import { SAMPLES, type Sample, sampleBytes } from './demo/samples.ts';
import { DEMO_MAILBOXES, demoPorts, writeDemoConfig } from './demo/settings.ts';
import { openSink, type Sink } from './demo/sink.ts';
import { EXIT, type Output, openOutput, table } from './output.ts';
import { openReader, type Reader } from './reader.ts';

interface Options {
  readonly once?: true;
  readonly json?: true;
}

/** The table is promised within a minute; a sample that is not done by then is shown as it stands. */
const PATIENCE_MS = 55_000;

export async function demo(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  const folder = resolve(process.env['SEKISHO_DEMO_DIR'] ?? 'data/demo');
  const ports = demoPorts();
  const say = (text: string): void => {
    if (!output.json) output.line(text);
  };
  await requireFreePort(output, 'SEKISHO_SMTP_PORT', ports.smtp);
  await requireFreePort(output, 'SEKISHO_SINK_PORT', ports.sink);
  await requireFreePort(output, 'SEKISHO_ADMIN_PORT', ports.admin);
  const known = new Set(DEMO_MAILBOXES);
  const sink = await openSink({ folder: resolve(folder, 'lgwan'), port: ports.sink, known });
  const configFile = writeDemoConfig(folder, { ...ports, sink: sink.port });
  const settings = loadSettings(configFile);
  const log = openLog('supervisor', settings.logLevel);
  const stop = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.resolve());
  const separation = await prepareDataFolder(settings, configFile, log);
  const supervisor = startSupervisor({
    roles: ['intake', 'sanitizer', 'outlet', 'admin'],
    configFile,
    configText: configText(configFile),
    separation,
    log,
  });
  try {
    say('関所を起動しています …');
    const listening = await Promise.race([supervisor.ready, stop.promise]);
    if (listening === undefined) return EXIT.done;
    const smtpPort = listening.get('intake') ?? 0;
    say(`受信: smtp://127.0.0.1:${smtpPort}  →  LGWAN側(見本の受け手): smtp://127.0.0.1:${sink.port}\n`);
    const jail = readJailState(settings.dataDir);
    if (jail !== undefined) say(`${layersTable(jail)}\n`);
    const rows = await Promise.race([sendAll(smtpPort), stop.promise]);
    if (rows === undefined) return EXIT.done;
    await using reader = await openReader(configFile);
    const results = await Promise.race([outcomes(reader, rows), stop.promise]);
    if (results === undefined) return EXIT.done;
    const good = report(output, results, sink, settings.dataDir);
    say(`\n転送されたメール: ${folder}/lgwan/Maildir(生データは raw/)`);
    say(`画面: http://127.0.0.1:${listening.get('admin')}/  (無害化の前後と、取り除いたもの)`);
    if (options.once === true) return good ? EXIT.done : EXIT.ourFailure;
    say('Ctrl-C で終了します。');
    await stop.promise;
    return EXIT.done;
  } finally {
    await supervisor.stop();
    await sink.close();
  }
}

/** Said before anything starts: a role that cannot listen only dies in the log. @throws GatewayError E_CONFIG_INVALID */
async function requireFreePort(output: Output, variable: string, port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const other = port < 50_000 ? port + 10_000 : port - 10_000;
    const said = {
      ja: `ポート ${port} を使えません(${code})。空いている番号を指定してください。例: ${variable}=${other} npm start`,
      en: `port ${port} cannot be used (${code}); give a free one, like ${variable}=${other} npm start`,
    };
    throw new GatewayError('E_CONFIG_INVALID', said[output.language], { port });
  }
  server.close();
  await once(server, 'close');
}

interface Sent {
  readonly sample: Sample;
  /** Our ids, out of the reply to DATA. */
  readonly ids: readonly string[];
  readonly reply: string;
}

async function sendAll(port: number): Promise<readonly Sent[]> {
  const transport = createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true });
  const sent: Sent[] = [];
  for (const sample of SAMPLES) {
    const envelope = { from: sample.reversePath, to: [...sample.recipients] };
    try {
      const { response } = await transport.sendMail({ envelope, raw: sampleBytes(sample) });
      sent.push({ sample, ids: response.match(/[0-9A-HJKMNP-TV-Z]{26}/g) ?? [], reply: response });
    } catch (error) {
      sent.push({ sample, ids: [], reply: (error as Error).message });
    }
  }
  transport.close();
  return sent;
}

interface Result extends Sent {
  readonly states: readonly string[];
  readonly outcomes: readonly string[];
  readonly asExpected: boolean;
}

/** Waits until every message has ended. */
async function outcomes(reader: Reader, sent: readonly Sent[]): Promise<readonly Result[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const results = await Promise.all(sent.map((one) => look(reader, one)));
    if (results.every(({ asExpected }) => asExpected) || Date.now() > deadline) return results;
    if (results.every(({ states }) => states.length > 0 && states.every((state) => END_STATES.has(state as never))))
      return results;
    await sleep(200);
  }
}

async function look({ database }: Reader, sent: Sent): Promise<Result> {
  const { sample, ids } = sent;
  if (ids.length === 0) return { ...sent, states: [], outcomes: [], asExpected: false };
  const first = ids[0] ?? '';
  // A reply names the first message; those of the same transaction share the envelope's time and original.
  const messages = await database.read
    .selectFrom('message')
    .select('id')
    .where('received_at', '=', (eb) => eb.selectFrom('message').select('received_at').where('id', '=', first))
    .where('reverse_path', '=', sample.reversePath)
    .execute();
  const all = messages.map(({ id }) => id);
  const recipients = await database.read
    .selectFrom('recipient')
    .select('state')
    .where('message_id', 'in', all)
    .execute();
  const parts = await database.read
    .selectFrom('part')
    .select(['outcome', 'path'])
    .where('message_id', '=', first)
    .orderBy('path')
    .execute();
  const states = recipients.map(({ state }) => state);
  const found = parts.map(({ outcome }) => outcome);
  const { expected } = sample;
  const asExpected =
    all.length === expected.messages &&
    states.every((state) => state === expected.state) &&
    found.join() === expected.outcomes.join();
  return { ...sent, ids: all, states, outcomes: found, asExpected };
}

/** Prints the table. @returns true when every row is as expected and every byte on the wire is what was signed. */
function report(output: Output, results: readonly Result[], sink: Sink, dataDir: string): boolean {
  const verifiers = loadReceiptVerifiers(publicFile(dataDir));
  const checked = sink.received.filter(({ bytes }) => verifyForwarded(bytes, verifiers).kind === 'verified').length;
  const good = results.every(({ asExpected }) => asExpected) && checked === sink.received.length;
  if (output.json) {
    output.value({
      good,
      jail: readJailState(dataDir) ?? null,
      wire: { received: sink.received.length, receiptsValid: checked },
      rows: results.map(jsonRow),
    });
    return good;
  }
  output.line(
    table(
      ['', '見本のメール', '結果', '添付ファイル'],
      results.map(({ sample, states, outcomes: found, asExpected, reply }) => [
        asExpected ? '✓' : '✗',
        sample.what,
        states.length === 0
          ? reply
          : [...new Set(states)].map((state) => STATE_SENTENCES[state as 'held'].ja).join('、'),
        found.length === 0 ? '—' : found.map((outcome) => OUTCOME_SENTENCES[outcome as 'pdf'].ja).join('、'),
      ]),
    ),
  );
  output.line(
    `\n受け手に届いた ${sink.received.length} 通のうち、署名(Sekisho-Receipt)とバイト列が一致したもの: ${checked} 通`,
  );
  return good;
}

const jsonRow = ({ sample, ids, states, outcomes: found, asExpected }: Result): object => ({
  sample: sample.name,
  ids,
  states,
  outcomes: found,
  asExpected,
});
