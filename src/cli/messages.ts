/** `sekisho messages list|show`: where each mail stands. Subjects and addresses are shown to whoever may read the database. */
import type { RecipientState } from '../message/states.ts';
import { worstOf } from '../message/states.ts';
import { STATE_SENTENCES } from '../message/texts.ts';
import { EXIT, openOutput, printable, table } from './output.ts';
import { openReader } from './reader.ts';

interface ListOptions {
  readonly config: string;
  readonly tenant?: string;
  readonly limit: string;
  readonly json?: true;
}

/** More at once is a matter for export, not for a terminal. */
const MAX_LISTED = 10_000;

export async function list(options: ListOptions): Promise<number> {
  const output = openOutput(options.json === true);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED) {
    process.stderr.write(`--limit must be a number from 1 to ${MAX_LISTED}\n`);
    return EXIT.wrongUsage;
  }
  await using reader = await openReader(options.config);
  const { read } = reader.database;
  let query = read
    .selectFrom('message')
    .select(['id', 'tenant', 'kind', 'received_at', 'reverse_path', 'untrusted_subject', 'bytes'])
    .orderBy('received_at', 'desc')
    .limit(limit);
  if (options.tenant !== undefined) query = query.where('tenant', '=', options.tenant);
  const rows = await query.execute();
  const states = new Map<string, RecipientState[]>();
  const ids = rows.map(({ id }) => id);
  const recipients =
    ids.length === 0
      ? []
      : await read.selectFrom('recipient').select(['message_id', 'state']).where('message_id', 'in', ids).execute();
  for (const { message_id, state } of recipients) states.set(message_id, [...(states.get(message_id) ?? []), state]);
  const listed = rows.map((row) => ({ ...row, state: worstOf(states.get(row.id) ?? ['accepted']) }));
  if (output.json) {
    output.value(listed.map((row) => ({ ...row, received_at: new Date(row.received_at).toISOString() })));
    return EXIT.done;
  }
  const head =
    output.language === 'ja'
      ? ['受付番号', '受付時刻', '自治体', '状態', '差出人', '件名']
      : ['message', 'received', 'tenant', 'state', 'from', 'subject'];
  output.line(
    table(
      head,
      listed.map((row) => [
        row.id,
        japanTime(row.received_at),
        row.tenant,
        STATE_SENTENCES[row.state][output.language],
        row.reverse_path === '' ? '<>' : row.reverse_path,
        (row.untrusted_subject ?? '').slice(0, 60),
      ]),
    ),
  );
  return EXIT.done;
}

interface ShowOptions {
  readonly config: string;
  readonly json?: true;
}

export async function show(id: string, options: ShowOptions): Promise<number> {
  const output = openOutput(options.json === true);
  await using reader = await openReader(options.config);
  const { read } = reader.database;
  const message = await read.selectFrom('message').selectAll().where('id', '=', id).executeTakeFirst();
  if (message === undefined) {
    process.stderr.write(
      `${output.language === 'ja' ? 'その受付番号のメールはありません' : 'no such message'}: ${printable(id)}\n`,
    );
    return EXIT.wrongUsage;
  }
  const recipients = await read.selectFrom('recipient').selectAll().where('message_id', '=', id).execute();
  const parts = await read.selectFrom('part').selectAll().where('message_id', '=', id).execute();
  const events = await read
    .selectFrom('audit_entry')
    .select(['at', 'chain', 'event', 'facts'])
    .where('message_id', '=', id)
    .orderBy('at')
    .execute();
  if (output.json) {
    const report: unknown = message.report === null ? null : JSON.parse(message.report);
    output.value({ message: { ...message, report }, recipients, parts, events });
    return EXIT.done;
  }
  const ja = output.language === 'ja';
  output.line(
    `${message.id}  ${message.tenant}  ${japanTime(message.received_at)}  ${printable(message.untrusted_subject ?? '')}`,
  );
  output.line(
    `\n${table(
      ja ? ['宛先', '状態', '応答'] : ['recipient', 'state', 'reply'],
      recipients.map(({ address, state, last_reply }) => [
        address,
        STATE_SENTENCES[state][output.language],
        last_reply,
      ]),
    )}`,
  );
  if (parts.length > 0) {
    const head = ja ? ['添付', '種類', 'バイト', '結果', '理由'] : ['attachment', 'type', 'bytes', 'outcome', 'reason'];
    const rows = parts.map((part) => [
      part.untrusted_name,
      part.detected_type,
      String(part.bytes),
      part.outcome,
      part.reason ?? '',
    ]);
    output.line(`\n${table(head, rows)}`);
  }
  output.line(
    `\n${table(
      ja ? ['時刻', '記録者', '出来事'] : ['time', 'by', 'event'],
      events.map(({ at, chain, event }) => [japanTime(at), chain, event]),
    )}`,
  );
  return EXIT.done;
}

const japanTime = (ms: number): string => new Date(ms).toLocaleString('ja-JP', { timeZone: 'Asia/Tokyo' });
