/**
 * As much CSS as it takes to know which text a reader would not have seen (threats.tsv B23): declarations, and style
 * sheets' simple selectors (tag, .class, #id and their compounds). Everything else is skipped: what hides text by a
 * selector we do not read is shown, which is the safe side. Bounded in input, rules and declarations.
 */

export type Declarations = ReadonlyMap<string, string>;

export interface StyledElement {
  readonly tag: string;
  readonly id: string;
  readonly classes: readonly string[];
  /** The style attribute, '' when there is none. */
  readonly inline: string;
}

interface Rule {
  readonly tag: string;
  readonly id: string;
  readonly classes: readonly string[];
  readonly weight: number;
  readonly declarations: Declarations;
}

/** A newsletter's sheet has about 20 kB and 200 rules. */
const MAX_SHEET_UNITS = 200_000;
const MAX_RULES = 2000;
const MAX_STYLE_UNITS = 4000;

const READ = new Set([
  'display',
  'visibility',
  'opacity',
  'font',
  'font-size',
  'color',
  'background',
  'background-color',
  'background-image',
  'width',
  'height',
  'max-width',
  'max-height',
  'overflow',
  'overflow-x',
  'overflow-y',
  'position',
  'left',
  'top',
  'right',
  'bottom',
  'text-indent',
  'margin-left',
  'clip',
  'clip-path',
  'transform',
]);

/** The properties that can hide text; `!important` is kept as a `!` in front of the property's name. */
function parseDeclarations(text: string): Declarations {
  const found = new Map<string, string>();
  for (const part of unescaped(text.slice(0, MAX_STYLE_UNITS).replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '')).split(';')) {
    const colon = part.indexOf(':');
    if (colon < 0) continue;
    const name = part.slice(0, colon).trim().toLowerCase();
    if (!READ.has(name)) continue;
    const value = part
      .slice(colon + 1)
      .trim()
      .toLowerCase();
    const important = value.includes('!') && /!\s*important$/.test(value);
    found.set(important ? `!${name}` : name, important ? value.replace(/\s*!\s*important$/, '') : value);
  }
  return found;
}

/** CSS Syntax §4.3.7: `d\\69splay` is `display`. */
const unescaped = (text: string): string =>
  text.includes('\\')
    ? text.replace(
        /\\(?:([0-9a-f]{1,6})\s?|(.))/gi,
        (_whole, hex: string | undefined, character: string | undefined) => {
          const code = Number.parseInt(hex ?? '', 16);
          return character ?? (code > 0x1f && code < 0xd800 ? String.fromCharCode(code) : '');
        },
      )
    : text;

/** Blocks whose rules hold on every screen. */
const ALWAYS = /^@(?:media\s+(?:only\s+)?(?:screen|all)|layer(?:\s+[\w.-]+)?)$/i;

const NONE: Declarations = new Map();

export class StyleSheet {
  private readonly rules = new Map<string, Rule[]>();
  private count = 0;
  /** True when a rule that we cannot match paints a background: then colours prove nothing. */
  paintsUnknown = false;

  get hasRules(): boolean {
    return this.count > 0;
  }

  /** Adds a `<style>` element's text. */
  add(untrusted: string): void {
    const text = untrusted
      .slice(0, MAX_SHEET_UNITS)
      .replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '')
      .replace(/<!--|-->/g, '');
    let at = 0;
    while (at < text.length && this.count < MAX_RULES) {
      const open = text.indexOf('{', at);
      if (open < 0) return;
      const head = text
        .slice(at, open)
        .replace(/^[\s\S]*[;}]/, '')
        .trim();
      if (ALWAYS.test(head)) {
        at = open + 1;
        continue;
      }
      const close = head.startsWith('@') ? endOfBlock(text, open) : text.indexOf('}', open);
      if (close < 0) return;
      // Other media queries are for other screens, fonts and frames for none of our questions.
      if (!head.startsWith('@')) this.addRule(head, text.slice(open + 1, close));
      at = close + 1;
    }
  }

  private addRule(selectors: string, body: string): void {
    const declarations = parseDeclarations(body);
    if (declarations.size === 0) return;
    for (const selector of selectors.split(',')) {
      const rule = parseSelector(selector.trim(), declarations);
      if (rule === undefined) {
        this.paintsUnknown ||= [...declarations.keys()].some((name) => name.includes('background'));
        continue;
      }
      const key = rule.id !== '' ? `#${rule.id}` : rule.classes.length > 0 ? `.${rule.classes[0]}` : rule.tag;
      const list = this.rules.get(key);
      if (list === undefined) this.rules.set(key, [rule]);
      else list.push(rule);
      this.count += 1;
    }
  }

  /** Declarations that apply, the cascade resolved (CSS Cascading §6: importance, inline, specificity, order). */
  declarationsOf(element: StyledElement): Declarations {
    const inline = element.inline === '' ? NONE : parseDeclarations(element.inline);
    const rules = this.count === 0 ? [] : this.matching(element);
    if (rules.length === 0 && !hasImportant(inline)) return inline;
    const result = new Map<string, string>();
    const layers = [...rules.map((rule) => rule.declarations), inline];
    for (const layer of layers) for (const [name, value] of layer) if (!name.startsWith('!')) result.set(name, value);
    for (const layer of layers)
      for (const [name, value] of layer) if (name.startsWith('!')) result.set(name.slice(1), value);
    return result;
  }

  private matching(element: StyledElement): readonly Rule[] {
    const keys = [
      element.tag,
      ...element.classes.map((name) => `.${name}`),
      ...(element.id === '' ? [] : [`#${element.id}`]),
    ];
    const found = keys.flatMap((key) => this.rules.get(key) ?? []).filter((rule) => applies(rule, element));
    // Stable: rules of one weight stay in the order of the sheet within their key.
    return found.sort((a, b) => a.weight - b.weight);
  }
}

const hasImportant = (declarations: Declarations): boolean => {
  for (const name of declarations.keys()) if (name.startsWith('!')) return true;
  return false;
};

const applies = (rule: Rule, element: StyledElement): boolean =>
  (rule.tag === '' || rule.tag === element.tag) &&
  (rule.id === '' || rule.id === element.id) &&
  rule.classes.every((name) => element.classes.includes(name));

/** undefined for combinators, pseudo classes, attributes, `*`. */
function parseSelector(selector: string, declarations: Declarations): Rule | undefined {
  const match = /^([a-z][a-z0-9]*)?((?:[.#][A-Za-z_-][\w-]*)*)$/i.exec(selector);
  if (match === null || selector === '') return undefined;
  const tag = match[1]?.toLowerCase() ?? '';
  const names = (match[2] ?? '').match(/[.#][^.#]+/g) ?? [];
  const ids = names.filter((name) => name.startsWith('#')).map((name) => name.slice(1));
  const classes = names.filter((name) => name.startsWith('.')).map((name) => name.slice(1));
  if (ids.length > 1) return undefined;
  const weight = ids.length * 10_000 + classes.length * 100 + (tag === '' ? 0 : 1);
  return { tag, id: ids[0] ?? '', classes, weight, declarations };
}

/** Index of the brace that closes the one at `open`. */
function endOfBlock(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b) depth += 1;
    else if (code === 0x7d && --depth === 0) return at;
  }
  return -1;
}
