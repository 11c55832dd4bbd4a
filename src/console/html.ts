/** HTML by tagged template: every value is escaped unless it is HTML already. No scripts, so a strict CSP holds. */

declare const safe: unique symbol;

export interface Html {
  readonly [safe]: true;
  readonly text: string;
}

type Value = string | number | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const made = (text: string): Html => ({ text }) as Html;

function render(value: Value): string {
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  if ('text' in value) return value.text;
  return value.map(({ text }) => text).join('');
}

/** Template tag. Attribute values must stand in quotes in the template. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return made(strings.reduce((page, piece, i) => page + render(values[i - 1] ?? '') + piece));
}
