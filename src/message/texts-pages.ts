/** What stands on a page of ours in the place of a page that could not be converted. Japanese first. */
import type { BlockReason } from './outcome.ts';

export type PageFailure = Extract<BlockReason, 'timeout' | 'limit-exceeded' | 'malformed'>;

interface Lines {
  readonly ja: readonly string[];
  readonly en: readonly string[];
}

const REASONS: Readonly<Record<PageFailure, { readonly ja: string; readonly en: string }>> = {
  timeout: { ja: '変換に時間がかかりすぎました。', en: 'Converting it took too long.' },
  'limit-exceeded': { ja: '大きすぎる、または複雑すぎます。', en: 'It is too large or too complex.' },
  malformed: { ja: 'データが壊れています。', en: 'Its data are damaged.' },
};

/** The same for a page of a TIFF, of which nothing more is known: a heading, then a line in each language. */
export const unreadablePageLines = (page: number): readonly [heading: string, ja: string, en: string] => [
  `${page}ページ目は読み取れませんでした`,
  'このページのデータは壊れているか、大きすぎるため、画像にできませんでした。',
  `Page ${page} could not be read: its data are damaged or too large.`,
];

/** @param from, to: numbers of the pages that this one stands for, from 1, both included */
export function pageFailureLines(reason: PageFailure, from: number, to: number): Lines {
  const { ja, en } = REASONS[reason];
  return {
    ja: [
      from === to
        ? `【無害化】 元の文書の ${from} ページ目は変換できませんでした。`
        : `【無害化】 元の文書の ${from} ページ目から ${to} ページ目までは変換できませんでした。`,
      ja,
      '内容が必要なときは、受付番号を添えて管理者にお問い合わせください。',
    ],
    en: [
      from === to
        ? `Page ${from} of the original could not be converted.`
        : `Pages ${from} to ${to} of the original could not be converted.`,
      en,
      'If you need it, ask your administrator and give the reference number.',
    ],
  };
}
