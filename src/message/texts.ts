/**
 * Every sentence people read about a mail, in Japanese and English. Japanese comes first: it is what is printed unless
 * a policy says otherwise. `{name}` stands for a value; values are cleaned before they get here.
 *
 * Each vocabulary (reasons, removals, holds, ends, states) is a complete record: a new word without a sentence does not compile.
 */
import type { BlockReason, HoldReason, PartOutcome, Removal } from './outcome.ts';
import type { RecipientState } from './states.ts';

export type Language = 'ja' | 'en';

export interface Sentence {
  readonly ja: string;
  readonly en: string;
}

/** Why an attachment was not passed on. Ends a line «name: …». */
export const BLOCK_SENTENCES: Readonly<Record<BlockReason, Sentence>> = {
  executable: { ja: 'プログラム(実行ファイル)のため', en: 'it is a program' },
  script: { ja: '開くと命令が実行されるファイルのため', en: 'opening it would run commands' },
  macro: { ja: 'マクロ(自動実行の命令)を含む文書のため', en: 'the document contains macros' },
  office: { ja: 'この形式の文書はまだ無害化できないため', en: 'this kind of document cannot be made safe yet' },
  archive: { ja: 'この形式の圧縮ファイルは開けないため', en: 'this kind of archive cannot be opened' },
  'nested-mail': { ja: '添付されたメールの中身をまだ無害化できないため', en: 'attached mails cannot be made safe yet' },
  media: { ja: '音声・動画のため', en: 'it is sound or video' },
  encrypted: {
    ja: '暗号化(パスワード保護)されていて中身を確かめられないため',
    en: 'it is encrypted and cannot be checked',
  },
  'signed-data': {
    ja: '電子署名・証明書のデータで中身を作り直せないため',
    en: 'it is signature or certificate data that cannot be rebuilt',
  },
  'unsupported-image': {
    ja: 'この形式の画像はまだ無害化できないため',
    en: 'this kind of picture cannot be made safe yet',
  },
  'unsupported-type': { ja: '無害化できない種類のファイルのため', en: 'this kind of file cannot be made safe' },
  malformed: { ja: 'ファイルが壊れているため', en: 'the file is damaged' },
  'limit-exceeded': { ja: '大きすぎる、または複雑すぎるため', en: 'it is too large or too complex' },
  'dynamic-form': {
    ja: '開いたときに内容が作られる特殊なPDFフォームのため',
    en: 'it is a form whose content is made only when it is opened',
  },
  'encoding-unknown': { ja: '文字コードや符号化方式が分からないため', en: 'its encoding is unknown' },
  fragment: { ja: '分割されたファイルやメールの一部のため', en: 'it is one piece of a split file or mail' },
  'remote-content': { ja: '中身がメールの外(インターネット上)にあるため', en: 'its content lies outside the mail' },
  timeout: { ja: '時間内に無害化が終わらなかったため', en: 'it could not be made safe in time' },
  'sanitizer-failed': { ja: '無害化に失敗したため', en: 'making it safe failed' },
};

/** What was taken out. `{count}`: how often. Items of one line, joined by commas. */
export const REMOVAL_SENTENCES: Readonly<Record<Removal['what'], Sentence>> = {
  formula: { ja: '計算式 {count}か所(文字に変更)', en: '{count} formulas (made plain text)' },
  script: { ja: 'スクリプト {count}個', en: '{count} scripts' },
  action: { ja: '自動で動く仕掛け {count}個', en: '{count} automatic actions' },
  form: { ja: '入力フォーム {count}個', en: '{count} form fields' },
  'embedded-file': { ja: '埋め込まれたファイル・画面 {count}個', en: '{count} embedded files or frames' },
  annotation: { ja: '注釈 {count}個', en: '{count} annotations' },
  link: { ja: '危険な種類のリンク {count}個', en: '{count} links of a dangerous kind' },
  'remote-image': { ja: '外部サーバの画像 {count}個', en: '{count} remote pictures' },
  'tracking-pixel': { ja: '開封確認用の見えない画像 {count}個', en: '{count} tracking pixels' },
  'hidden-text': { ja: '見えないように隠された文字 {count}か所', en: '{count} pieces of hidden text' },
  'control-characters': { ja: '目に見えない制御文字 {count}個', en: '{count} invisible control characters' },
  'bidi-controls': { ja: '文字の並びを偽る制御文字 {count}個', en: '{count} characters that reorder text' },
  metadata: { ja: '作成者・位置などの付加情報 {count}件', en: '{count} pieces of metadata' },
  animation: { ja: '動画の2枚目以降のコマ {count}枚', en: '{count} animation frames' },
  signature: { ja: '電子署名 {count}個', en: '{count} digital signatures' },
  'alternative-body': {
    ja: '内容の食い違うもう一方の本文 {count}個',
    en: '{count} alternative bodies with other content',
  },
  layer: { ja: '表示されない層 {count}個', en: '{count} hidden layers' },
  'failed-page': {
    ja: '変換できず、その旨を記した紙面に置き換えたページ {count}ページ',
    en: '{count} pages that could not be converted, replaced by a page that says so',
  },
  'unmapped-characters': { ja: '文字情報に変換できない文字 {count}個', en: '{count} characters without text' },
  'empty-file': { ja: '中身のない空のファイル {count}個', en: '{count} empty files' },
  'encoded-block': { ja: '本文に埋め込まれたファイル {count}個', en: '{count} files embedded in the text' },
};

/** Why a whole message was held. */
export const HOLD_SENTENCES: Readonly<Record<HoldReason, Sentence>> = {
  fragment: {
    ja: '分割して送られたメールの一部で、これだけでは中身を確かめられません。',
    en: 'It is one fragment of a split mail and cannot be checked alone.',
  },
  'remote-content': {
    ja: '中身がメールの外(インターネット上)に置かれています。',
    en: 'Its content lies outside the mail.',
  },
  'limit-exceeded': { ja: '大きすぎる、または構造が複雑すぎます。', en: 'It is too large or too complex.' },
  'unexplained-bytes': {
    ja: 'どの部分にも属さない、ファイルらしいデータが含まれています。',
    en: 'It contains data that looks like a file but belongs to no part.',
  },
  unreadable: { ja: 'メールの形式が壊れていて読み取れません。', en: 'Its format is damaged and cannot be read.' },
  'sanitizer-failed': { ja: '無害化の処理に失敗しました。', en: 'Making it safe failed.' },
  timeout: { ja: '無害化が時間内に終わりませんでした。', en: 'It could not be made safe in time.' },
  'gate-refused': {
    ja: '無害化した結果が最後の検査に通りませんでした。',
    en: 'The result did not pass the last check.',
  },
  'original-lost': {
    ja: '保管中の原本を読み出せませんでした。',
    en: 'The stored original could not be read back.',
  },
};

/** How a part ended. Ends a line «name: …». */
export const OUTCOME_SENTENCES: Readonly<Record<PartOutcome, Sentence>> = {
  rebuilt: { ja: '同じ形式で作り直しました', en: 'rebuilt in its own format' },
  pdf: { ja: 'PDFとして作り直しました', en: 'rebuilt as PDF' },
  text: { ja: '文字だけを取り出しました', en: 'reduced to text' },
  image: { ja: '画像として作り直しました', en: 'rebuilt as a picture' },
  'waiting-for-password': { ja: 'パスワードを待っています', en: 'waiting for its password' },
  blocked: { ja: 'お渡しできません', en: 'held back' },
};

export const STATE_SENTENCES: Readonly<Record<RecipientState, Sentence>> = {
  accepted: { ja: '受付済み', en: 'accepted' },
  sanitizing: { ja: '無害化中', en: 'being made safe' },
  ready: { ja: '配送待ち', en: 'ready to deliver' },
  delivering: { ja: '配送中', en: 'being delivered' },
  delivered: { ja: '配送済み', en: 'delivered' },
  'delivered-with-hold': { ja: '配送済み(一部保留)', en: 'delivered, part of it held' },
  held: { ja: '保留', en: 'held' },
  undeliverable: { ja: '配送不能', en: 'undeliverable' },
  expired: { ja: '期限切れ', en: 'expired' },
};

/** Sentences of the notices that compose.ts and notice.ts write. */
export const NOTICE_SENTENCES = {
  heading: { ja: '【{tenant} メール無害化のお知らせ】', en: '[{tenant}: this mail was made safe]' },
  unchanged: {
    ja: 'このメールは安全な文字だけのメールに作り直されています。',
    en: 'This mail was rewritten as plain, safe text.',
  },
  changed: {
    ja: 'このメールは安全な形に作り直されています。変更点は次のとおりです。',
    en: 'This mail was rewritten in a safe form. What changed:',
  },
  held: {
    ja: 'あなた宛のメールを、安全を確かめられないため保留しました。',
    en: 'A mail for you could not be made safe and is held.',
  },
  tooLarge: {
    ja: 'あなた宛のメールを、配送先のメールサーバーが受け取れる大きさを超えているため、お届けできませんでした。',
    en: 'A mail for you is larger than its mail server takes and could not be delivered.',
  },
  reason: { ja: '理由: {reason}', en: 'Reason: {reason}' },
  reference: { ja: '受付番号: {id}', en: 'Reference: {id}' },
  ask: {
    ja: '原本は保管しています。必要なときは受付番号を添えて次へご連絡ください: {contact}',
    en: 'The original is kept. To ask for it, quote the reference: {contact}',
  },
  sender: { ja: '差出人の表示: {from}', en: 'Sender as shown: {from}' },
  envelope: { ja: '実際の送信元: {address}', en: 'Actual sender: {address}' },
  noEnvelope: { ja: '(送信元なし。自動送信)', en: '(none; sent automatically)' },
  received: { ja: '受信日時: {time}', en: 'Received: {time}' },
  subject: { ja: '件名: {subject}', en: 'Subject: {subject}' },
  to: { ja: '宛先: {to}', en: 'To: {to}' },
  differs: {
    ja: '▲差出人の表示({from})と実際の送信元({envelope})が異なります。',
    en: '▲ The sender shown ({from}) is not the actual sender ({envelope}).',
  },
  spoofedNoAddress: {
    ja: '▲差出人名にアドレス({shown})が書かれていますが、差出人のアドレスそのものは読み取れません。',
    en: '▲ The sender’s name shows an address ({shown}); the sender’s address itself is unreadable.',
  },
  spoofedName: {
    ja: '▲差出人名に別のアドレス({shown})が書かれています。実際のアドレスは {from} です。',
    en: '▲ The sender’s name shows another address ({shown}). The real one is {from}.',
  },
  freeMail: {
    ja: '▲だれでも作れるフリーメール({domain})から送られています。お心当たりをご確認ください。',
    en: '▲ Sent from a free-mail service ({domain}). Please make sure you know the sender.',
  },
  replyTo: { ja: '▲返信先は差出人と異なります: {address}', en: '▲ Replies go to another address: {address}' },
  severalFrom: {
    ja: '▲差出人が{count}名書かれていました。1名目を表示しています。',
    en: '▲ {count} senders were named; the first is shown.',
  },
  badDate: {
    ja: '・送信日時が読み取れないため、受信日時を記しました。',
    en: '- The date could not be read; the time of arrival is given.',
  },
  file: { ja: '・{name}: {end}', en: '- {name}: {end}' },
  fileRenamed: { ja: '・{name} → {output}: {end}', en: '- {name} → {output}: {end}' },
  emptyFile: { ja: '・{name}: 中身のない空のファイルでした', en: '- {name}: it was empty' },
  unpacked: {
    ja: '・{name}: 中の{count}件を1件ずつ無害化しました',
    en: '- {name}: its {count} files were made safe one by one',
  },
  packed: {
    ja: '・{name} → {output}: 中の{count}件を1件ずつ無害化し、まとめ直しました',
    en: '- {name} → {output}: its {count} files were made safe one by one and packed again',
  },
  allHeld: {
    ja: '・保留したファイルは全部で {count} 件です。一覧を添付ファイル「{name}」に入れました。',
    en: '- {count} files are held; all are listed in the attachment “{name}”.',
  },
  heldFile: { ja: '保留したファイルの一覧', en: 'held files' },
  blocked: { ja: '・{name}: {reason}、お渡しできません(保留)', en: '- {name}: held, because {reason}' },
  waiting: {
    ja: '・{name}: パスワードが必要なため保留しています',
    en: '- {name}: held until its password is known',
  },
  unnamed: { ja: '(名前のないファイル)', en: '(file without a name)' },
  removed: { ja: '・取り除いたもの: {list}', en: '- Taken out: {list}' },
  manyLinks: {
    ja: '・{count}件以上のリンクは開けない形(hxxp、[.])にしました。',
    en: '- {count} or more links were made unclickable (hxxp, [.]).',
  },
  links: {
    ja: '・リンク {count}件は開けない形(hxxp、[.])にしました。',
    en: '- {count} links were made unclickable (hxxp, [.]).',
  },
  fileLinks: {
    ja: '・添付ファイルの中のリンク {count}件は開けなくなっています(表示と異なる行き先は、ファイルの最後の一覧に記しました)。',
    en: '- {count} links in attached files no longer open (where they lead elsewhere than they show is listed at the file’s end).',
  },
  fileSignatures: {
    ja: '・添付ファイルの電子署名 {count}個は、作り直しにより無効になるため取り除きました。署名の確認には原本が必要です。',
    en: '- {count} signatures in attached files would no longer be valid and were taken out. To check them, ask for the original.',
  },
  suspiciousLinks: {
    ja: '▲見た目と行き先の違うリンクなど、注意が必要なリンクが{count}件あります。',
    en: '▲ {count} links need care, e.g. they lead elsewhere than they show.',
  },
  defects: {
    ja: '・メールの形式に乱れがあり、補って読み取りました。元のメールと見え方が違うことがあります。',
    en: '- The mail’s format was faulty and was repaired; the original may look different.',
  },
  unreadable: {
    ja: '・読み取れない文字が{count}字あります(「\ufffd」で示しました)。',
    en: '- {count} characters could not be read (shown as “\ufffd”).',
  },
  bodyContinued: {
    ja: '・本文が長いため、続きを添付ファイル「{name}」に入れました。',
    en: '- The text is long; the rest is in the attachment “{name}”.',
  },
  more: { ja: '・ほか {count} 件', en: '- and {count} more' },
  noBody: { ja: '(本文はありません)', en: '(no text)' },
  bodyFile: { ja: '本文の続き', en: 'rest of the text' },
  continues: { ja: '(続きは添付ファイルにあります)', en: '(continued in the attachment)' },
  heldSubject: { ja: 'メールを保留しました(受付番号 {id})', en: 'A mail was held (reference {id})' },
  undeliverableSubject: {
    ja: '配送できないメールがあります(受付番号 {id})',
    en: 'A mail could not be delivered (reference {id})',
  },
  undeliverable: {
    ja: '無害化したメールを次の宛先に配送できませんでした。',
    en: 'A sanitized mail could not be delivered to:',
  },
  failed: { ja: '・{recipient}: {reply}', en: '- {recipient}: {reply}' },
  gateway: { ja: 'メール無害化システム', en: 'Mail sanitization gateway' },
  image: { ja: '画像', en: 'picture' },
} as const satisfies Record<string, Sentence>;

/** Above the text of a mail that was attached to another. */
export const NESTED_SENTENCES = {
  from: { ja: '差出人: {value}', en: 'From: {value}' },
  to: { ja: '宛先: {value}', en: 'To: {value}' },
  cc: { ja: 'CC: {value}', en: 'Cc: {value}' },
  date: { ja: '送信日時: {value}', en: 'Date: {value}' },
  subject: { ja: '件名: {value}', en: 'Subject: {value}' },
  more: { ja: 'ほか{count}名', en: 'and {count} more' },
} as const satisfies Record<string, Sentence>;

/** Marks inside the body's text. */
export const BODY_SENTENCES = {
  image: { ja: '[画像: {alt}]', en: '[picture: {alt}]' },
  imageWithoutAlt: { ja: '[画像]', en: '[picture]' },
  linkRemoved: { ja: '[リンクを取り除きました: {scheme}]', en: '[link removed: {scheme}]' },
  linkDiffers: { ja: '(表示と行き先が違います)', en: '(leads elsewhere than it shows)' },
  internationalName: { ja: '(国際化ドメイン名: {name})', en: '(international name: {name})' },
  blockRemoved: {
    ja: '[本文に埋め込まれたファイル {name} を取り除きました]',
    en: '[file {name} embedded in the text removed]',
  },
} as const satisfies Record<string, Sentence>;

/** The sentence in one language with its values filled in. A placeholder without a value is a mistake of ours and stays visible. */
export function fill(
  sentence: Sentence,
  language: Language,
  values: Readonly<Record<string, string | number>> = {},
): string {
  // A function: a value may contain `$&`, and is never scanned for placeholders again.
  return sentence[language].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
