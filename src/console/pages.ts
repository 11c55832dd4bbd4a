/** The pages of the plain viewer: rows in, HTML out. All untrusted strings pass the escaping template. */
import type { MessageTable, RecipientTable } from '../database/schema.ts';
import type { Preview } from '../message/jobs.ts';
import type { Removal } from '../message/outcome.ts';
import type { AttachmentReport, LinkReport, Report } from '../message/report.ts';
import { worstOf } from '../message/states.ts';
import { BLOCK_SENTENCES, fill, OUTCOME_SENTENCES, REMOVAL_SENTENCES, STATE_SENTENCES } from '../message/texts.ts';
import { type Html, html } from './html.ts';

export interface ListedMessage {
  readonly row: Pick<MessageTable, 'id' | 'tenant' | 'received_at' | 'reverse_path' | 'untrusted_subject' | 'kind'>;
  readonly recipients: readonly Pick<RecipientTable, 'address' | 'state'>[];
}

const STYLE = `body{font-family:"Hiragino Sans","Noto Sans JP","Noto Sans CJK JP",sans-serif;line-height:1.6;margin:1.5rem auto;max-width:76rem;padding:0 1rem;color:#1b1f24;background:#fbfbf8}
h1{font-size:1.5rem;margin:.6rem 0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:1.6rem 0 .5rem}h3{font-size:1rem;margin:.4rem 0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9d9d2;vertical-align:top;overflow-wrap:anywhere}
th,.whole{white-space:nowrap;overflow-wrap:normal}th{font-weight:600;background:#f0f0ea}
pre{font-size:.9rem;line-height:1.5;margin:0;white-space:pre-wrap;overflow-wrap:anywhere;background:#fff;border:1px solid #d9d9d2;padding:.8rem;max-height:40rem;overflow:auto}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem}.ok{color:#17652f}.hold{color:#8a5a00}.bad{color:#9b1c1c}.note{color:#555}a{color:#14508c}`;

const TONES: Readonly<Record<string, string>> = {
  delivered: 'ok',
  'delivered-with-hold': 'hold',
  held: 'hold',
  undeliverable: 'bad',
  expired: 'bad',
};

export function layout(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/style.css"></head><body>${body}</body></html>`.text;
}

export const styleSheet = (): string => STYLE;

/** Newest first. */
export function listPage(messages: readonly ListedMessage[]): string {
  const rows = messages.map(listRow);
  return layout(
    '関所 — メール一覧',
    html`<h1>関所 — メール一覧</h1><p class="note">最新の${messages.length}件。件名を選ぶと、無害化の前後を並べて表示します。</p>
<table><thead><tr><th>受付時刻</th><th>自治体</th><th>件名</th><th>差出人(SMTP)</th><th>宛先</th><th>状態</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

function listRow({ row, recipients }: ListedMessage): Html {
  const state = worstOf(recipients.map((recipient) => recipient.state));
  return html`<tr><td class="whole">${japanTime(row.received_at)}</td><td>${row.tenant}</td>
<td><a href="/messages/${row.id}">${subjectOf(row)}</a></td><td>${sender(row)}</td>
<td>${recipients.map(({ address }) => address).join(', ')}</td><td class="whole ${TONES[state] ?? ''}">${STATE_SENTENCES[state].ja}</td></tr>`;
}

function subjectOf(row: Pick<MessageTable, 'untrusted_subject' | 'kind'>): string {
  const subject = row.untrusted_subject ?? (row.kind === 'notice' ? '(管理者への通知)' : '(処理中)');
  return subject === '' ? '(件名なし)' : subject;
}

/** The envelope's, which a header cannot forge. */
const sender = ({ reverse_path }: Pick<MessageTable, 'reverse_path'>): string =>
  reverse_path === '' ? '<>' : reverse_path;

export interface ShownMessage extends ListedMessage {
  readonly recipients: readonly RecipientTable[];
  readonly opened: { readonly preview: Preview; readonly report: Report } | undefined;
}

export function messagePage({ row, recipients, opened }: ShownMessage): string {
  const answers = recipients.map(
    ({ address, state, last_reply }) =>
      html`<tr><td>${address}</td><td class="whole ${TONES[state] ?? ''}">${STATE_SENTENCES[state].ja}</td><td>${last_reply}</td></tr>`,
  );
  return layout(
    `関所 — ${row.untrusted_subject ?? row.id}`,
    html`<p><a href="/">← 一覧</a></p><h1>${subjectOf(row)}</h1>
<p class="note">差出人(SMTP) ${sender(row)} ・ ${row.tenant} ・ ${japanTime(row.received_at)} ・ 受付番号 ${row.id}</p>
<table><thead><tr><th>宛先</th><th>状態</th><th>配送先の応答</th></tr></thead><tbody>${answers}</tbody></table>
${opened === undefined ? html`<p>まだ無害化されていません。</p>` : openedMessage(opened.preview, opened.report)}`,
  );
}

function openedMessage(preview: Preview, report: Report): Html {
  const hidden = preview.hiddenText === '' ? html`` : html`<h2>隠されていた文字</h2><pre>${preview.hiddenText}</pre>`;
  return html`<h2>取り除いたもの・変えたもの</h2>${removedList(report)}
<h2>添付ファイル</h2>${attachmentTable(report.attachments)}
<h2>本文</h2><div class="two"><section><h3>無害化の前</h3><pre>${preview.textBefore}</pre></section><section><h3>無害化の後</h3><pre>${preview.textAfter}</pre></section></div>${hidden}`;
}

function removedList(report: Report): Html {
  const items = report.body.removed.map(({ what, count }) => html`<li>本文: ${removal(what, count)}</li>`);
  const link = ({ untrustedText, target }: LinkReport): Html => html`リンク: 「${untrustedText}」→ ${target}`;
  const links = report.body.links.map((each) => html`<li>${link(each)}</li>`);
  const inParts = report.attachments.flatMap(({ untrustedName, removed, links: own = [] }) => [
    ...removed.map(({ what, count }) => html`<li>${untrustedName}: ${removal(what, count)}</li>`),
    ...own.map((each) => html`<li>${untrustedName}: ${link(each)}</li>`),
  ]);
  const all = [...items, ...links, ...inParts];
  return all.length === 0 ? html`<p>ありません。</p>` : html`<ul>${all}</ul>`;
}

const removal = (what: Removal['what'], count: number): string => fill(REMOVAL_SENTENCES[what], 'ja', { count });

function attachmentTable(attachments: readonly AttachmentReport[]): Html {
  if (attachments.length === 0) return html`<p>ありません。</p>`;
  const rows = attachments.map(
    (part) => html`<tr><td>${part.untrustedName}</td><td>${part.detectedType}</td><td>${part.bytes}</td>
<td>${OUTCOME_SENTENCES[part.outcome].ja}${part.reason === undefined ? '' : `: ${BLOCK_SENTENCES[part.reason].ja}`}</td>
<td>${part.outputs.map(({ name, pages }) => (pages === undefined ? name : `${name}(${pages}ページ)`)).join(', ')}</td></tr>`,
  );
  return html`<table><thead><tr><th>元の名前</th><th>種類</th><th>バイト</th><th>結果</th><th>作り直したもの</th></tr></thead><tbody>${rows}</tbody></table>`;
}

export const notFoundPage = (): string =>
  layout('関所', html`<h1>見つかりません</h1><p><a href="/">一覧へ戻る</a></p>`);

export const failurePage = (): string =>
  layout('関所', html`<h1>表示できません</h1><p>原因は管理者用のログにあります。<a href="/">一覧へ戻る</a></p>`);

const JAPAN = new Intl.DateTimeFormat('ja-JP', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'Asia/Tokyo' });

const japanTime = (ms: number): string => JAPAN.format(ms);
