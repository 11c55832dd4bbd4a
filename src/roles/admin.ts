/** The process of the management network: shows reports and texts; it holds no key that opens an original. */
import { openConsole } from '../console/server.ts';
import type { RoleContext, RunningRole } from './context.ts';
import { readJailState } from './jail-state.ts';

export async function startAdmin(context: RoleContext): Promise<RunningRole> {
  const { settings, database, vault, audit, now, log } = context;
  const { host, port } = splitListen(settings.admin.listen);
  const server = await openConsole({
    ...{ database, vault, audit, host, port, now, log },
    jail: () => readJailState(settings.dataDir),
  });
  return { port: server.port, stop: () => server.close() };
}

/** 'ADDRESS:PORT' as the schema allows it, with brackets around IPv6. */
function splitListen(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
