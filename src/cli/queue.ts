/** `sekisho queue list`: what waits, what is in work, what is parked for a person. */

import { EXIT, openOutput, table } from './output.ts';
import { openReader } from './reader.ts';

interface Options {
  readonly config: string;
  readonly all?: true;
  readonly json?: true;
}

/** Rows shown at once; the oldest matter most. */
const MAX_ROWS = 500;

export async function list(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  await using reader = await openReader(options.config);
  const query = reader.database.read
    .selectFrom('job')
    .select(['id', 'kind', 'tenant', 'message_id', 'lane', 'state', 'due_at', 'attempts', 'lease_owner', 'last_error'])
    .orderBy('due_at')
    .limit(MAX_ROWS);
  const rows = await (options.all === true ? query : query.where('state', '!=', 'done')).execute();
  if (output.json) {
    output.value(rows.map((row) => ({ ...row, due_at: new Date(row.due_at).toISOString() })));
    return EXIT.done;
  }
  if (rows.length === 0) {
    output.line(output.language === 'ja' ? '待ち行列は空です。' : 'The queue is empty.');
    return EXIT.done;
  }
  const head =
    output.language === 'ja'
      ? ['種類', '自治体', '受付番号', '状態', '次回', '回数', '理由']
      : ['kind', 'tenant', 'message', 'state', 'due', 'tries', 'reason'];
  output.line(
    table(
      head,
      rows.map((row) => [
        row.kind,
        row.tenant,
        row.message_id ?? '',
        row.state,
        new Date(row.due_at).toLocaleString('ja-JP', { timeZone: 'Asia/Tokyo' }),
        String(row.attempts),
        row.last_error.slice(0, 60),
      ]),
    ),
  );
  return EXIT.done;
}
