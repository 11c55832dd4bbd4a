/** The embedded defaults of `npm start`: two municipalities, three stores, everything on loopback. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../message/errors.ts';

export interface DemoPorts {
  readonly smtp: number;
  readonly sink: number;
  readonly admin: number;
}

/** Ports by environment, so that two clones can run beside each other. */
export const demoPorts = (): DemoPorts => ({
  smtp: portOf('SEKISHO_SMTP_PORT', 2525),
  sink: portOf('SEKISHO_SINK_PORT', 2526),
  admin: portOf('SEKISHO_ADMIN_PORT', 8025),
});

function portOf(name: string, fallback: number): number {
  const port = Number(process.env[name] ?? fallback);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new GatewayError('E_CONFIG_INVALID', `${name}: give a port number from 0 to 65535`);
}

/** Mailboxes that exist on the demo's LGWAN side. */
export const DEMO_MAILBOXES = [
  'soumu@city.chuo.example',
  'kouhou@city.chuo.example',
  'zaisei@city.chuo.example',
  'joho@city.chuo.example',
  'soumu@town.minato.example',
  'joho@town.minato.example',
] as const;

/** Writes gateway.yaml and the recipient list. @returns the configuration file. */
export function writeDemoConfig(folder: string, ports: DemoPorts): string {
  mkdirSync(folder, { recursive: true });
  const list = DEMO_MAILBOXES.filter((address) => address.endsWith('@city.chuo.example'));
  writeFileSync(join(folder, 'chuo-recipients.txt'), `# 中央市のメールアドレス\n${list.join('\n')}\n`);
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, demoYaml(ports));
  return file;
}

const demoYaml = ({ smtp, sink, admin }: DemoPorts): string => `# Written by \`npm start\`; changes are overwritten.
profile: demo
dataDir: .
host: sekisho.example
logLevel: warn
intake:
  listen: 127.0.0.1:${smtp}
  peers: [127.0.0.1/32]
tenants:
  - id: chuo
    name: 中央市
    domains: [city.chuo.example]
    recipients: { kind: list, file: chuo-recipients.txt }
    administrators: [joho@city.chuo.example]
    contact: 情報政策課(内線 2345)
    nextHop: { host: 127.0.0.1, port: ${sink}, tls: none }
  - id: minato
    name: みなと町
    domains: [town.minato.example]
    recipients: { kind: probe }
    administrators: [joho@town.minato.example]
    contact: 総務課 情報係(内線 111)
    nextHop: { host: 127.0.0.1, port: ${sink}, tls: none }
vault:
  stores:
    - { kind: directory, name: store-a, path: vault/a }
    - { kind: directory, name: store-b, path: vault/b }
    - { kind: directory, name: store-c, path: vault/c }
admin:
  listen: 127.0.0.1:${admin}
`;
