/** The sample mails of `npm start`: fixtures/demo/*.eml with what must become of each. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PartOutcome } from '../../message/outcome.ts';
import type { RecipientState } from '../../message/states.ts';

export interface Sample {
  readonly name: string;
  /** What it shows, in Japanese. */
  readonly what: string;
  readonly reversePath: string;
  readonly recipients: readonly string[];
  /** One for each tenant. */
  readonly expected: {
    readonly state: RecipientState;
    readonly messages: number;
    readonly outcomes: readonly PartOutcome[];
  };
}

const CHUO = 'soumu@city.chuo.example';

export const SAMPLES: readonly Sample[] = [
  {
    name: '1-newsletter',
    what: 'HTMLのお知らせ (ISO-2022-JP)',
    reversePath: 'news@example.com',
    recipients: [CHUO],
    expected: { state: 'delivered', messages: 1, outcomes: [] },
  },
  {
    name: '2-pdf-fonts',
    what: '日本語フォントを埋め込まないPDF',
    reversePath: 'sato@example.com',
    recipients: [CHUO],
    expected: { state: 'delivered', messages: 1, outcomes: ['rebuilt'] },
  },
  {
    name: '3-pdf-active',
    what: 'JavaScriptとLaunchを含むPDF',
    reversePath: 'billing@example.net',
    recipients: [CHUO],
    expected: { state: 'delivered', messages: 1, outcomes: ['rebuilt', 'rebuilt'] },
  },
  {
    name: '4-photo',
    what: '位置情報つきの写真',
    reversePath: 'tanaka@example.org',
    recipients: ['kouhou@city.chuo.example'],
    expected: { state: 'delivered', messages: 1, outcomes: ['rebuilt'] },
  },
  {
    name: '5-csv',
    what: '数式を含むCSV (Shift_JIS)',
    reversePath: 'keiri@example.co.jp',
    recipients: ['zaisei@city.chuo.example'],
    expected: { state: 'delivered', messages: 1, outcomes: ['rebuilt'] },
  },
  {
    name: '6-held',
    what: 'マクロ文書と実行ファイル',
    reversePath: 'seikyu@example.net',
    recipients: [CHUO],
    expected: { state: 'delivered-with-hold', messages: 1, outcomes: ['blocked', 'blocked'] },
  },
  {
    name: '7-freemail',
    what: '2015年と同じ件名のフリーメール',
    reversePath: 'suzuki-kikaku@yahoo.co.jp',
    recipients: [CHUO],
    expected: { state: 'delivered', messages: 1, outcomes: [] },
  },
  {
    name: '8-two-tenants',
    what: '2つの自治体あての1通',
    reversePath: 'shichoson@pref.example.jp',
    recipients: [CHUO, 'soumu@town.minato.example'],
    expected: { state: 'delivered', messages: 2, outcomes: [] },
  },
  {
    name: '9-password',
    what: 'パスワード付きPDF',
    reversePath: 'sato@example.com',
    recipients: ['zaisei@city.chuo.example'],
    expected: { state: 'delivered-with-hold', messages: 1, outcomes: ['waiting-for-password'] },
  },
];

export const sampleBytes = ({ name }: Sample): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../../fixtures/demo/${name}.eml`, import.meta.url)));
