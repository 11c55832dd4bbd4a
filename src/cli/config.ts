/** `sekisho config check|schema|print`: the configuration before it is used. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { firewallTable } from '../config/firewall.ts';
import { loadSettings } from '../config/load.ts';
import { settingsSchema } from '../config/schema.ts';
import { GatewayError } from '../message/errors.ts';
import { EXIT, openOutput, table } from './output.ts';
import { rolesHere } from './roles-here.ts';

interface Options {
  readonly config: string;
  readonly firewall?: true;
  readonly json?: true;
}

/** Says every mistake with its path; exit code 2 when there is one. */
export async function check(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  try {
    const settings = loadSettings(options.config, rolesHere());
    const { length } = settings.tenants;
    if (output.json) output.value({ valid: true, tenants: length });
    else
      output.line(
        output.language === 'ja'
          ? `設定は正しく読めました(自治体 ${length})`
          : `The configuration is valid (${length} tenants).`,
      );
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'E_CONFIG_INVALID') throw error;
    if (output.json) output.value({ valid: false, message: error.message });
    else process.stderr.write(`${error.message}\n`);
    return EXIT.wrongUsage;
  }
}

/** JSON Schema of gateway.yaml, for editors. */
export async function schema(): Promise<number> {
  openOutput(true).value(z.toJSONSchema(settingsSchema, { io: 'input' }));
  return EXIT.done;
}

/** The settings as they take effect, defaults included; or the firewall table that follows from them. */
export async function print(options: Options): Promise<number> {
  const output = openOutput(options.json === true);
  const settings = loadSettings(options.config, rolesHere());
  if (options.firewall !== true) {
    if (output.json) output.value(settings);
    else output.line(stringify(settings).trimEnd());
    return EXIT.done;
  }
  const rows = firewallTable(settings);
  if (output.json) output.value(rows);
  else {
    const head =
      output.language === 'ja' ? ['送信元', '宛先', 'ポート', '理由'] : ['source', 'destination', 'port', 'why'];
    output.line(
      table(
        head,
        rows.map(({ source, destination, port, why }) => [source, destination, String(port), why[output.language]]),
      ),
    );
  }
  return EXIT.done;
}
