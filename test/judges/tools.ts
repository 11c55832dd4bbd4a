/** Programs of other people that judges ask: whether they are here, and how many files are asked about in one start. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Debian's Python: pyenv's, which may come first on the PATH, has none of the packaged modules. */
export const PYTHON = '/usr/bin/python3';

export interface Tool {
  readonly name: string;
  /** Debian package (bin/setup-services.sh). */
  readonly debian: string;
  readonly present: () => boolean;
}

const starts = (command: string, args: readonly string[]): boolean => {
  const { error, status } = spawnSync(command, args, { stdio: 'ignore' });
  return error === undefined && status === 0;
};

const remembered = (look: () => boolean): (() => boolean) => {
  let known: boolean | undefined;
  return () => (known ??= look());
};

export const program = (name: string, debian: string): Tool => ({
  name,
  debian,
  present: remembered(() => starts('sh', ['-c', `command -v ${name}`])),
});
export const pythonModule = (name: string, debian: string): Tool => ({
  name: `python ${name}`,
  debian,
  present: remembered(() => starts(PYTHON, ['-c', `import ${name}`])),
});
export const perlModule = (name: string, debian: string): Tool => ({
  name: `perl ${name}`,
  debian,
  present: remembered(() => starts('perl', [`-M${name}`, '-e', '1'])),
});

export const missingOf = (tools: readonly Tool[]): readonly string[] =>
  tools.filter(({ present }) => !present()).map(({ name, debian }) => `${name} (${debian})`);

const programPath = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/**
 * One of `programs/`, started once: a JSON value a line in, a JSON value a line out, one for each.
 * @throws when it ends with an error or leaves an answer out.
 */
export async function askProgram<Question, Answer>(
  name: string,
  questions: readonly Question[],
): Promise<readonly Answer[]> {
  if (questions.length === 0) return [];
  const command = name.endsWith('.py') ? PYTHON : 'perl';
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { out, error, exit } = await output(command, [programPath(name)], input);
  const answers = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer);
  if (exit !== 0 || answers.length !== questions.length) {
    throw new Error(`${name} gave ${answers.length} of ${questions.length} answers (${exit}): ${error.slice(0, 500)}`);
  }
  return answers;
}

export interface Output {
  readonly out: string;
  readonly error: string;
  /** Exit code, or -1 when a signal ended it. */
  readonly exit: number;
}

/** What a program writes. */
export function output(command: string, args: readonly string[], input = ''): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const [out, error]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk));
    child.once('error', reject);
    child.once('close', (exit) =>
      resolve({ out: Buffer.concat(out).toString(), error: Buffer.concat(error).toString(), exit: exit ?? -1 }),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
