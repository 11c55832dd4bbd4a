/** Sentences on the pages that we add to a PDF: comments and links that the rebuilt pages cannot carry. */
import type { Sentence } from './texts.ts';

export const PDF_SENTENCES = {
  added: {
    ja: 'この一覧は無害化システムが付けたものです。元の文書のページではありません。',
    en: 'This list was added by the sanitization gateway. It is no page of the original.',
  },
  notes: { ja: '注釈一覧 / Notes', en: 'Notes' },
  note: { ja: '■ {page}ページ {author}', en: '■ Page {page} {author}' },
  links: { ja: 'リンク一覧 / Links', en: 'Links' },
  link: { ja: '■ {page}ページ「{text}」', en: '■ Page {page} “{text}”' },
  pictureLink: { ja: '■ {page}ページ(文字のないリンク)', en: '■ Page {page} (link without text)' },
  more: { ja: '(ほか {count} 件)', en: '(and {count} more)' },
} as const satisfies Record<string, Sentence>;
