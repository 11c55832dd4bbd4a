/** One role's process, from its first to its last line. */
import type { Role } from '../message/roles.ts';
import { ROLES } from '../message/roles.ts';
import { openLog } from '../telemetry/log.ts';
import { openContext, type RoleContext, type RunningRole } from './context.ts';
import { openDoorbell } from './doorbell.ts';
import { startHeartbeat } from './heartbeat.ts';

const STARTERS: Readonly<Record<Role, () => Promise<(context: RoleContext) => Promise<RunningRole>>>> = {
  intake: async () => (await import('./intake.ts')).startIntake,
  sanitizer: async () => (await import('./sanitizer.ts')).startSanitizer,
  outlet: async () => (await import('./outlet.ts')).startOutlet,
  admin: async () => (await import('./admin.ts')).startAdmin,
};

/**
 * Runs until the supervisor says stop or is gone. Files it writes are for the roles' shared group or for its one user:
 * the umask is the supervisor's (prepare.ts).
 * @returns the process's exit code.
 */
export async function runRole(name: string, configFile: string): Promise<number> {
  const role = ROLES.find((each) => each === name);
  if (role === undefined) return 2;
  process.title = `sekisho ${role}`;
  const doorbell = openDoorbell();
  const stopped = new Promise<void>((resolve) => doorbell.onStop(resolve));
  let context: RoleContext | undefined;
  try {
    context = await openContext(role, configFile, doorbell);
    const running = await (await STARTERS[role]())(context);
    await tell(context, 'started');
    const heartbeat = await startHeartbeat(context.settings.dataDir, role, answering(context));
    doorbell.ready(running.port);
    await stopped;
    await heartbeat.stop();
    await running.stop();
    await tell(context, 'stopped');
    const { waits, failures } = context.database.contention;
    context.log.info('database-contention', { waits, failures });
  } catch (error) {
    (context?.log ?? openLog(role, 'error')).error('role-failed', {}, error);
    // What was half opened (children, sockets, the doorbell) must not keep a failed role alive: the supervisor starts it anew.
    process.exit(1);
  }
  context.vault.close();
  await context.database.close();
  if (process.connected) process.disconnect();
  return 0;
}

const answering =
  ({ database }: RoleContext) =>
  (): Promise<unknown> =>
    database.read.selectFrom('message').select('id').limit(1).execute();

/** Starts and stops stand in a chain of their own: they belong to no tenant. */
async function tell({ database, audit, role, now }: RoleContext, event: 'started' | 'stopped'): Promise<void> {
  await database.write((tx) =>
    audit.append(tx, { tenant: 'gateway', event, messageId: null, at: now(), facts: { role, pid: process.pid } }),
  );
}
