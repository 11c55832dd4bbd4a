/**
 * Plays an SMTP conversation written as text. A line starts with who acts:
 *   `> ` the client sends this line and CRLF        `>> ` the client sends these octets (\r \n \0 \xHH), nothing added
 *   `< ` the whole reply starts with this           `<~ ` the whole reply matches this pattern
 *   `! closed` the connection ends                  `= 2` that many messages have been accepted by now
 *   `# ` a remark. The first remark is the dialog's title, with its ids of threats.tsv.
 */
import { RawClient, type TestIntake } from './kit.ts';

export interface Dialog {
  readonly title: string;
  readonly steps: readonly { readonly line: number; readonly verb: string; readonly text: string }[];
}

export function parseDialog(source: string): Dialog {
  const lines = source.split('\n').map((text, index) => ({ line: index + 1, match: /^(\S+) (.*)$/.exec(text) }));
  const steps = lines.flatMap(({ line, match }) =>
    match === null ? [] : [{ line, verb: match[1] ?? '', text: match[2] ?? '' }],
  );
  const title = steps.find(({ verb }) => verb === '#')?.text ?? 'untitled';
  return { title, steps: steps.filter(({ verb }) => verb !== '#') };
}

/** @returns the first deviation in words, or undefined when all went as written. */
export async function play({ steps }: Dialog, intake: TestIntake): Promise<string | undefined> {
  const client = new RawClient(intake.port);
  try {
    for (const { line, verb, text } of steps) {
      const problem = await playStep(client, intake, verb, text);
      if (problem !== undefined) return `line ${line}: ${verb} ${text}\n  but: ${problem}`;
    }
    return undefined;
  } finally {
    client.end();
  }
}

async function playStep(
  client: RawClient,
  intake: TestIntake,
  verb: string,
  text: string,
): Promise<string | undefined> {
  switch (verb) {
    case '>':
      return void (await client.write(`${text}\r\n`));
    case '>>':
      return void (await client.write(unescaped(text)));
    case '<': {
      const reply = await client.reply();
      return reply.startsWith(text) ? undefined : reply;
    }
    case '<~': {
      const reply = await client.reply();
      return new RegExp(text, 's').test(reply) ? undefined : reply;
    }
    case '!': {
      const reply = await client.reply();
      return reply === 'closed' ? undefined : reply;
    }
    case '=':
      return intake.accepted.length === Number(text) ? undefined : `${intake.accepted.length} accepted`;
    default:
      return `unknown verb`;
  }
}

const NAMED: Readonly<Record<string, string>> = { r: '\r', n: '\n', '0': '\0', '\\': '\\' };
const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|([rn0\\]))/g, (_, hex, name) =>
    hex === undefined ? (NAMED[name] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
