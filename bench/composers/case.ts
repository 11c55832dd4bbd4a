/** What people write, as plain data: the same for all composers, other for each number. Seeded, so that a failure can be repeated. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { rawZip } from '../../test/kit/zip-raw.ts';

export interface CaseFile {
  readonly name: string;
  readonly type: string;
  readonly base64: string;
}

/** One mail before a composer spells it. Passed to programs as JSON. */
export interface MailCase {
  readonly number: number;
  /** Stands in the text once, as a word of its own. */
  readonly token: string;
  readonly fromName: string;
  readonly from: string;
  readonly to: readonly (readonly [name: string, address: string])[];
  readonly cc: readonly string[];
  readonly replyTo: string;
  readonly subject: string;
  /** Lines without line ends. */
  readonly text: readonly string[];
  /** '' when the mail is plain. */
  readonly html: string;
  readonly files: readonly CaseFile[];
  /** Shown in the HTML by Content-ID. */
  readonly inline: readonly CaseFile[];
  readonly charset: 'utf-8' | 'iso-2022-jp' | 'shift_jis' | 'euc-jp';
  readonly encoding: 'base64' | 'quoted-printable' | '7bit' | '8bit';
  readonly date: string;
  readonly messageId: string;
  readonly inReplyTo: string;
}

/** Park and Miller's minimal generator: the same numbers on every machine. */
function dice(seed: number): (sides: number) => number {
  let state = (seed * 7919 + 17) % 2_147_483_647 || 1;
  const roll = (): number => (state = (state * 48_271) % 2_147_483_647);
  for (let i = 0; i < 5; i++) roll();
  return (sides) => roll() % sides;
}

const PEOPLE = [
  '山田 太郎',
  '佐藤花子',
  '鈴木一郎(総務課)',
  'Tanaka Jiro',
  'たかはし',
  '㈱髙橋商店 営業部',
  "O'Brien, Pat",
  '渡邊 "ナベ" 健',
  '',
  'ﾔﾏﾀﾞ ﾀﾛｳ',
];
const TOPICS = [
  '会議資料の送付について',
  'Re: 見積書の件',
  '【重要】システム停止のお知らせ',
  'Fwd: RE: ご確認のお願い',
  '令和８年度　予算要求資料（第２回修正版）の提出について（依頼）',
  'Weekly report',
  '請求書送付の件 No.',
  '',
  '［至急］住民票交付手数料の改定に伴う条例改正案と新旧対照表の照会について、関係各課へ回答をお願いするものです',
  '10:00~ 打合せ',
  'テスト①②③',
  'invoice=100%? #1',
];
const LINES = [
  'お世話になっております。',
  '標記の件につきまして、下記のとおり送付いたします。',
  'よろしくお願いいたします。',
  '',
  '>> 前回の資料はこちらでしょうか。',
  '> はい、そのとおりです。',
  '詳細は https://www.example.jp/path/?a=1&b=%E3%81%82 をご覧ください。',
  'From the next month, the counter opens at 9:00.',
  '・開催日時：令和８年４月１日（水）１０：００～',
  '-- ',
  '○○市役所 総務課',
  'TEL: 03-0000-0000 / FAX: 03-0000-0001',
  'mailto:soumu@example.jp',
  '.',
  '..',
  'From here on, a line that begins with From.',
  '=3D は等号です。',
  '--区切り--',
  '-----Original Message-----',
  '________________________________',
  '　全角空白で始まる行',
  '\tタブで始まる行',
  '金額: ¥1,234,567-',
  'begin forwarded message:',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  'とても長い行です。'.repeat(25),
  'Content-Type: text/plain という文字列',
  '%PDF-1.4 と書いてある',
  '~!@#$%^&*()_+|',
];
const NAMES = [
  '資料.txt',
  '一覧表(最終版).csv',
  'memo.txt',
  '会議 資料 2026.txt',
  '令和８年度第２回○○市情報公開審査会における審議資料及び関係法令の抜粋について（事務局案・取扱注意）.txt',
  "a'b & c.txt",
  'Report-2026.csv',
  '①見積.csv',
  'データ.csv',
];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** JIS X 0208 has none of these; composers that write it are not asked to. */
const forJis = (text: string): string =>
  text.replace(
    /[①②③○㈱髙邊～¥ｦ-ﾟ]/g,
    (character) =>
      ({ '①': '1', '②': '2', '③': '3', '○': 'まる', '㈱': '(株)', 髙: '高', 邊: '辺', '～': 'から', '¥': '' })[
        character
      ] ?? 'ヤ',
  );

export async function mailCases(count: number, seed: number): Promise<readonly MailCase[]> {
  const pictures = await Promise.all([3, 17, 40].map(picture));
  return Array.from({ length: count }, (_, i) => mailCase(seed + i, pictures));
}

function mailCase(number: number, pictures: readonly Buffer[]): MailCase {
  const roll = dice(number);
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)] as T;
  const token = `w${Array.from({ length: 12 }, () => LETTERS[roll(26)]).join('')}`;
  const charset = pick(['utf-8', 'utf-8', 'utf-8', 'iso-2022-jp', 'iso-2022-jp', 'shift_jis', 'euc-jp'] as const);
  const suited = charset === 'utf-8' ? (text: string) => text : forJis;
  const lines = Array.from({ length: 2 + roll(14) }, () => suited(pick(LINES)));
  const text = [`${suited(pick(['○○課 御中', 'ご担当者様', 'All,', '各位']))} ${token}`, ...lines];
  const inline =
    roll(5) === 0 ? [{ name: 'image001.png', type: 'image/png', base64: pick(pictures).toString('base64') }] : [];
  const html = inline.length > 0 || roll(3) === 0 ? htmlOf(text, inline.length > 0, roll(4)) : '';
  return {
    number,
    token,
    fromName: suited(pick(PEOPLE)),
    from: `${pick(['yamada', 'sato.h', 'info', 'no-reply', 'k_suzuki'])}@${pick(['example.jp', 'mail.example.co.jp', 'city.example.lg.jp'])}`,
    to: Array.from({ length: 1 + roll(3) }, (_, i) => [suited(pick(PEOPLE)), `to${i}@t1.example`] as const),
    cc: Array.from({ length: roll(3) }, (_, i) => `cc${i}@t1.example`),
    replyTo: roll(6) === 0 ? 'reply@example.jp' : '',
    subject: suited(`${pick(TOPICS)}${roll(3) === 0 ? ` (${number})` : ''}`).trim(),
    text,
    html,
    files: Array.from({ length: Math.max(0, roll(5) - 2) }, (_, i) => file(roll, pick, pictures, i, suited)),
    inline,
    charset,
    encoding: pick(['base64', 'quoted-printable', '7bit', '8bit'] as const),
    date: new Date(Date.UTC(2026, roll(11), 1 + roll(28), roll(24), roll(60), roll(60)))
      .toUTCString()
      .replace('GMT', pick(['+0000', '+0900', '-0500', '+0530'])),
    messageId: `<${number}.${token}@example.jp>`,
    inReplyTo: roll(4) === 0 ? `<${number - 1}.parent@example.jp>` : '',
  };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function htmlOf(text: readonly string[], image: boolean, style: number): string {
  const body = text.map(escaped).join(style === 0 ? '<br>\r\n' : '</p>\r\n<p class=MsoNormal>');
  const picture = image ? '<img src="cid:image001.png@01DB" alt="logo">' : '';
  if (style === 1) return `<div dir="ltr"><p>${body}</p>${picture}</div>`;
  if (style === 2)
    return `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv=Content-Type content="text/html"><style><!-- p.MsoNormal {margin:0mm;} --></style></head><body lang=JA><div class=WordSection1><p class=MsoNormal>${body}</p>${picture}<o:p></o:p></div></body></html>`;
  if (style === 3)
    return `<!DOCTYPE html><html><body><table><tr><td><p>${body}</p></td></tr></table>${picture}</body></html>`;
  return `<html><body><p>${body}</p>${picture}</body></html>`;
}

const PAGE = fileURLToPath(new URL('../../fixtures/load/page.pdf', import.meta.url));

function file(
  roll: (sides: number) => number,
  pick: <T>(list: readonly T[]) => T,
  pictures: readonly Buffer[],
  i: number,
  suited: (text: string) => string,
): CaseFile {
  const name = `${i}${suited(pick(NAMES))}`;
  const stem = name.replace(/\.\w+$/, '');
  const kind = roll(20);
  if (kind === 0)
    return { name: `${stem}.pdf`, type: 'application/pdf', base64: readFileSync(PAGE).toString('base64') };
  if (kind < 4) return { name: `${stem}.png`, type: 'image/png', base64: pick(pictures).toString('base64') };
  if (kind < 6) {
    const zip = rawZip([
      { name: 'a.txt', content: 'zip の中\r\n' },
      { name: 'b.csv', content: '1,2\r\n' },
    ]);
    return {
      name: `${stem}.zip`,
      type: pick(['application/zip', 'application/x-zip-compressed', 'application/octet-stream']),
      base64: zip.toString('base64'),
    };
  }
  if (kind === 6) {
    const inner =
      'From: a@example.jp\r\nTo: b@example.jp\r\nSubject: inner\r\nDate: Sun, 22 Nov 2026 14:00:00 +0900\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ninner text\r\n';
    return { name: 'forwarded.eml', type: 'message/rfc822', base64: Buffer.from(inner).toString('base64') };
  }
  const text = name.endsWith('.csv')
    ? '"氏名","金額"\r\n"山田","1,200"\r\n'
    : `メモ ${roll(1000)}\r\n${suited(pick(LINES))}\r\n`;
  return {
    name,
    type: name.endsWith('.csv') ? 'text/csv' : 'text/plain',
    base64: Buffer.from(text).toString('base64'),
  };
}

const picture = (size: number): Promise<Buffer> =>
  sharp(Buffer.alloc(size * size * 3, size * 5), { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
