/**
 * `sekisho`: the command line. Each command is one file of cli/, loaded when it is called; a role's process is the
 * hidden command `role`.
 */
import { Command, CommanderError } from 'commander';
import { EXIT } from './cli/output.ts';
import { GatewayError } from './message/errors.ts';

const OLDEST_NODE = 24;

// The container image names its own file and roles by environment.
const CONFIG = ['-c, --config <file>', 'configuration file', process.env['SEKISHO_CONFIG'] ?? 'gateway.yaml'] as const;
const ROLES_HERE = ['--roles <list>', 'roles to run here, comma separated', process.env['SEKISHO_ROLES']] as const;
const JSON_OUTPUT = ['--json', 'machine-readable output'] as const;

/** Makes a command's action out of its module, which is loaded only when it runs. */
type Runs = <A extends readonly unknown[]>(
  load: () => Promise<(...args: A) => Promise<number>>,
) => (...args: A) => Promise<void>;

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    process.stderr.write(`sekisho needs Node ${OLDEST_NODE} or newer; this is ${process.version}.\n`);
    return EXIT.ourFailure;
  }
  const program = new Command('sekisho')
    .description('メール無害化ゲートウェイ / mail sanitization gateway')
    .exitOverride();
  let exitCode: number = EXIT.done;
  const runs: Runs =
    (load) =>
    async (...args) => {
      exitCode = await (await load())(...args);
    };
  for (const add of [addRunning, addFiles, addSettings, addRecords]) add(program, runs);
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    process.stderr.write(`${sentenceOf(error)}\n`);
    return error instanceof GatewayError && error.code === 'E_CONFIG_INVALID' ? EXIT.wrongUsage : EXIT.ourFailure;
  }
}

/** A stack only for what nobody foresaw; the system's refusals (no such file, no permission) name code and path. */
function sentenceOf(error: unknown): string {
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`;
  if (error instanceof Error && 'syscall' in error) return error.message;
  return error instanceof Error ? `${error.stack}` : String(error);
}

/** What keeps running. */
function addRunning(program: Command, runs: Runs): void {
  program
    .command('serve')
    .description('ゲートウェイを動かす / run the gateway')
    .option(...CONFIG)
    .option(...ROLES_HERE)
    .action(runs(async () => (await import('./cli/serve.ts')).serve));
  program
    .command('prepare')
    .description(
      '鍵・データベース・保管先を用意する(役割を分けて動かす前に1回) / make keys, database and stores, then end',
    )
    .option(...CONFIG)
    .action(runs(async () => (await import('./cli/prepare.ts')).prepare));
  program
    .command('health')
    .description('役割が動いているか(ヘルスチェック用) / whether the roles here do their work')
    .option(...CONFIG)
    .option(...ROLES_HERE)
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/health.ts')).health));
  program
    .command('demo')
    .description('組み込みの設定で動かし、見本のメールを通す / run with embedded defaults and sample mails')
    .option('--once', 'stop after the table')
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/demo.ts')).demo));
  program
    .command('role <name> <configFile>', { hidden: true })
    .action(runs(async () => (await import('./roles/role.ts')).runRole));
}

/** What works on files, without a gateway. */
function addFiles(program: Command, runs: Runs): void {
  program
    .command('sanitize <file...>')
    .description('ファイルを無害化する(オフライン) / sanitize messages or documents, offline')
    .requiredOption('-o, --out <dir>', 'folder for the results')
    .option('--as <kind>', 'auto, message or document', 'auto')
    .option('--policy <file>', 'policy file (YAML)')
    .option('--password <password...>', 'passwords to try')
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/sanitize.ts')).sanitize));
  program
    .command('verify <file...>')
    .description('転送されたメールの検査と署名の確認 / check a forwarded message’s grammar and receipt')
    .option(...CONFIG)
    .option('--keys <file>', 'file of public keys (keys/public.json)')
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/verify.ts')).verify));
}

/** What tells of settings and machine. */
function addSettings(program: Command, runs: Runs): void {
  program
    .command('doctor')
    .description('設定と環境の診断 / what holds on this machine, in words')
    .option(...CONFIG)
    .option(...ROLES_HERE)
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/doctor.ts')).doctor));

  const configCommand = program.command('config').description('設定 / configuration');
  configCommand
    .command('check')
    .description('設定の誤りをすべて示す / tell every mistake')
    .option(...CONFIG)
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/config.ts')).check));
  configCommand
    .command('schema')
    .description('設定の JSON Schema を表示する / print the JSON Schema')
    .action(runs(async () => (await import('./cli/config.ts')).schema));
  configCommand
    .command('print')
    .description('既定値を含む設定、または通信の一覧を表示する / print settings with defaults, or the firewall table')
    .option(...CONFIG)
    .option('--firewall', 'the firewall table')
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/config.ts')).print));
}

/** What looks into a gateway’s records. */
function addRecords(program: Command, runs: Runs): void {
  program
    .command('queue')
    .description('待ち行列 / the queue')
    .command('list')
    .description('待っている仕事の一覧 / list waiting jobs')
    .option(...CONFIG)
    .option('--all', 'finished jobs too')
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/queue.ts')).list));
  const messages = program.command('messages').description('メール / messages');
  messages
    .command('list')
    .description('メールの一覧 / list messages')
    .option(...CONFIG)
    .option('--tenant <id>', 'only of one tenant')
    .option('--limit <n>', 'how many', '50')
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/messages.ts')).list));
  messages
    .command('show <id>')
    .description('1通のメールの経過 / what became of one message')
    .option(...CONFIG)
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/messages.ts')).show));
  program
    .command('audit')
    .description('監査記録 / the audit log')
    .command('verify')
    .description('改ざんの有無を確かめる / check every chain and signature')
    .option(...CONFIG)
    .option(...JSON_OUTPUT)
    .action(runs(async () => (await import('./cli/audit.ts')).verify));
  const vault = program.command('vault').description('保管庫 / the vault');
  const vaultCommands = {
    check: '断片の欠けや改ざんを調べる / look for lost or changed shares',
    repair: '欠けた断片を作り直す / rebuild lost or changed shares',
  } as const;
  for (const name of ['check', 'repair'] as const) {
    vault
      .command(name)
      .description(vaultCommands[name])
      .option(...CONFIG)
      .option(...JSON_OUTPUT)
      .action(runs(async () => (await import('./cli/vault.ts'))[name]));
  }
  vault
    .command('replace <name>')
    .description('空のディスクに交換した保管先を受け入れる / take in an empty disk in the place of a store')
    .option(...CONFIG)
    .action(runs(async () => (await import('./cli/vault.ts')).replace));
}

process.exitCode = await main();
