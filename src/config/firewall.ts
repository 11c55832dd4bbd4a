/** The firewall table of design.md §4, from the configuration: every connection that there is, and no other is needed. */
import { listenOf } from './addresses.ts';
import type { Settings } from './schema.ts';

export interface FirewallRow {
  /** Address, block or role. */
  readonly source: string;
  readonly destination: string;
  /** TCP port. */
  readonly port: number;
  readonly why: { readonly ja: string; readonly en: string };
}

export function firewallTable(settings: Settings): readonly FirewallRow[] {
  const { host, intake, admin, tenants } = settings;
  const smtp = listenOf(intake.listen);
  const page = listenOf(admin.listen);
  const incoming = intake.peers.map((peer) => ({
    source: peer,
    destination: `intake (${smtp.host})`,
    port: smtp.port,
    why: { ja: 'SMTP: インターネット側からのメール', en: 'SMTP: mail from the internet zone' },
  }));
  const balanced = intake.proxies.map((proxy) => ({
    source: proxy,
    destination: `intake (${smtp.host})`,
    port: smtp.port,
    why: { ja: 'SMTP: 負荷分散装置(PROXY プロトコル)', en: 'SMTP: load balancer (PROXY protocol)' },
  }));
  return [
    ...incoming,
    ...balanced,
    ...hopsOf(tenants, host),
    {
      source: page.host,
      destination: `admin (${page.host})`,
      port: page.port,
      why: { ja: 'HTTP: 管理者の画面(この機器からのみ)', en: 'HTTP: administrators’ page, this machine only' },
    },
  ];
}

/** One row for each next hop, however many tenants share it. */
function hopsOf(tenants: Settings['tenants'], host: string): readonly FirewallRow[] {
  const byHop = Map.groupBy(tenants, ({ nextHop }) => `${nextHop.host} ${nextHop.port}`);
  return [...byHop.values()].flatMap((sharing) => {
    const hop = sharing[0]?.nextHop;
    if (hop === undefined) return [];
    const names = sharing.map(({ id }) => id).join(', ');
    const asks = sharing.some(({ recipients }) => recipients.kind === 'probe');
    const why = {
      ja: `SMTP: 無害化したメール(${names})${asks ? '、宛先の有無の確認' : ''}`,
      en: `SMTP: sanitized mail of ${names}${asks ? ', and questions whether an address exists' : ''}`,
    };
    return [{ source: `outlet (${host})`, destination: hop.host, port: hop.port, why }];
  });
}
