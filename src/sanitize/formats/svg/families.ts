/**
 * Font families of a drawing → the two that we have. The engine knows one stand-in for all names, so a mincho would become
 * a gothic; here the names are replaced before it sees them.
 */

/** Families of Noto that come with us. */
const SANS = 'Noto Sans JP';
const SERIF = 'Noto Serif JP';

const SERIF_NAME =
  /mincho|明朝|ryumin|heisei.?min|kozmin|kozuka.?min|hirag.*min|times|georgia|garamond|century(?! gothic)|palatino|song|(?<!sans[- ]?)serif/i;
const SANS_NAME = /goth|ゴシック|ｺﾞｼｯｸ|meiryo|メイリオ|sans|arial|helvetica|verdana|segoe|calibri|mono|courier/i;

/** The list's first name that says what it looks like decides. */
export function familyOf(untrustedList: string): typeof SANS | typeof SERIF {
  const telling = untrustedList.split(',').find((name) => SANS_NAME.test(name) || SERIF_NAME.test(name)) ?? '';
  return SERIF_NAME.test(telling) && !SANS_NAME.test(telling) ? SERIF : SANS;
}

const MAX_LIST = 300;
const ATTRIBUTE = new RegExp(`(\\sfont-family\\s*=\\s*)(?:"([^"<]{1,${MAX_LIST}})"|'([^'<]{1,${MAX_LIST}})')`, 'g');
const DECLARATION = new RegExp(
  `(\\bfont-family\\s*:\\s*)([^;{}<>]{1,${MAX_LIST}}?)(?=\\s*(?:!important\\s*)?[;}<]|$)`,
  'g',
);
/** Where style sheets stand; what looks like one in the text that is shown stays. */
const STYLES = /\sstyle\s*=\s*(?:"[^"<]{0,20000}"|'[^'<]{0,20000}')|<(?:[\w.-]{1,40}:)?style\b[^<>]{0,500}>[^<]*/g;

export const withOurFamilies = (text: string): string =>
  text
    .replace(
      ATTRIBUTE,
      (_, name: string, double?: string, single?: string) => `${name}"${familyOf(double ?? single ?? '')}"`,
    )
    .replace(STYLES, (style) => {
      // An attribute's closing quote is no part of its last value.
      const end = /["']$/.exec(style)?.[0] ?? '';
      const inner = end === '' ? style : style.slice(0, -1);
      return inner.replace(DECLARATION, (_, name: string, list: string) => name + familyOf(list)) + end;
    });
