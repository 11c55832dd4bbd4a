/** What of an SVG's text the picture does not have, counted for the report. Nothing is decided by it: all of it is gone anyway. */
import type { Removal } from '../../../message/outcome.ts';

const COUNTED: readonly (readonly [Removal['what'], RegExp])[] = [
  ['script', /<(?:[\w.-]{1,40}:)?(?:script|foreignObject|iframe|handler)[\s>/]|\son[a-z]{3,20}\s*=/gi],
  ['remote-image', /\b(?:href|src)\s*=\s*["']\s*(?!#|data:)[^"'\s]|url\(\s*["']?(?!#|data:|["'#])|@import\b/gi],
  ['animation', /<(?:[\w.-]{1,40}:)?(?:animate|set|animateTransform|animateMotion|animateColor)[\s>/]/g],
  ['metadata', /<(?:[\w.-]{1,40}:)?metadata[\s>/]/g],
];
const LINK = /<(?:[\w.-]{1,40}:)?a\s[^<>]{0,2000}?\bhref\s*=\s*["'](?!#)/gi;

export function removalsOf(text: string): readonly Removal[] {
  const links = text.match(LINK)?.length ?? 0;
  const removed: Removal[] = links > 0 ? [{ what: 'link', count: links }] : [];
  for (const [what, pattern] of COUNTED) {
    // The address of a link is no picture.
    const count = (text.match(pattern)?.length ?? 0) - (what === 'remote-image' ? links : 0);
    if (count > 0) removed.push({ what, count });
  }
  return removed;
}
