/** A mail as a tree that can be changed and written again. A lenient reading for fuzzing: what it misreads stays in a body. */

/** One part, or the whole mail. Texts are one byte a character. */
export interface Entity {
  /** Whole fields, folds included, without their last line end. */
  fields: string[];
  body: string;
  /** Set where the boundary of a multipart was found. */
  parts?: { readonly boundary: string; preamble: string; epilogue: string; children: Entity[] };
}

const MAX_DEPTH = 6;

export function readEntity(text: string, depth = 0): Entity {
  const split = /\r?\n\r?\n/.exec(text);
  const head = split === null ? text : text.slice(0, split.index);
  const body = split === null ? '' : text.slice(split.index + split[0].length);
  const fields = head.split(/\r?\n(?![ \t])/);
  const boundary = boundaryOf(fields);
  if (boundary === '' || depth >= MAX_DEPTH) return { fields, body };
  const [preamble = '', ...rest] = `\n${body}`.split(`\n--${boundary}`);
  const last = rest.findIndex((piece) => piece.startsWith('--'));
  const inner = last < 0 ? rest : rest.slice(0, last);
  if (inner.length === 0) return { fields, body };
  const children = inner.map((piece) => readEntity(piece.replace(/^[ \t]*\r?\n/, '').replace(/\r$/, ''), depth + 1));
  const epilogue = last < 0 ? '' : (rest[last] ?? '').slice(2).replace(/^\r?\n/, '');
  return { fields, body: '', parts: { boundary, preamble: preamble.slice(1), epilogue, children } };
}

const boundaryOf = (fields: readonly string[]): string => {
  const type = fields.find((field) => /^content-type[ \t]*:/i.test(field)) ?? '';
  const match = /boundary="([^"\r\n]{1,200})"|boundary=([^\s;"]{1,200})/i.exec(type);
  return match?.[1] ?? match?.[2] ?? '';
};

export function writeEntity({ fields, body, parts }: Entity): string {
  const head = `${fields.join('\r\n')}\r\n\r\n`;
  if (parts === undefined) return head + body;
  const { boundary, preamble, epilogue, children } = parts;
  const inner = children.map((child) => `--${boundary}\r\n${writeEntity(child)}\r\n`).join('');
  return `${head}${preamble === '' ? '' : `${preamble}\r\n`}${inner}--${boundary}--\r\n${epilogue}`;
}

/** The entity itself and everything below it. */
export function* entitiesOf(entity: Entity): Generator<Entity> {
  yield entity;
  for (const child of entity.parts?.children ?? []) yield* entitiesOf(child);
}

export const copyOf = (entity: Entity): Entity => structuredClone(entity);

export const fieldOf = (entity: Entity, name: string): number =>
  entity.fields.findIndex((field) => field.toLowerCase().startsWith(`${name}:`));

/** Puts a field in place of the one of its name, or behind all others. */
export function setField(entity: Entity, name: string, value: string): void {
  const at = fieldOf(entity, name.toLowerCase());
  if (at < 0) entity.fields.push(`${name}: ${value}`);
  else entity.fields[at] = `${name}: ${value}`;
}
