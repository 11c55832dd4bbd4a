/**
 * A plain page on loopback: messages, the text before and after, what was removed. No accounts yet, so it listens on
 * loopback only (config/load.ts refuses anything else) and shows text only; every look is in the audit log first.
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import type { AuditLog } from '../audit/audit.ts';
import { previewSchema, reportSchema } from '../config/report-schema.ts';
import type { Database } from '../database/database.ts';
import { loadMessage, loadObject } from '../flow/facts.ts';
import { isId } from '../message/ids.ts';
import type { Log } from '../telemetry/log.ts';
import type { Vault } from '../vault/vault.ts';
import { failurePage, listPage, messagePage, notFoundPage, styleSheet } from './pages.ts';

export interface ConsoleDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly audit: AuditLog;
  readonly host: string;
  readonly port: number;
  readonly now: () => number;
  readonly log: Log;
  /** Layers of the jail as the sanitizer last found them; undefined where that role does not run beside us. */
  readonly jail: () => object | undefined;
}

export interface Console {
  readonly port: number;
  close(): Promise<void>;
}

/** One screen's worth with some scrolling; search comes with the console proper. */
const MAX_LISTED = 200;

const CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function openConsole(deps: ConsoleDeps): Promise<Console> {
  const server = Fastify({ logger: false });
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    // DNS rebinding: a page of the internet must not read us through a name of its own.
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) return reply.code(403).send();
    return undefined;
  });
  // Whoever looks learns that it failed; why stands in the log.
  server.setErrorHandler((error, request, reply) => {
    deps.log.error('page-failed', { route: request.routeOptions.url }, error);
    return page(reply.code(500), failurePage());
  });
  addRoutes(server, deps);
  await server.listen({ host: deps.host, port: deps.port });
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : deps.port,
    close: () => server.close(),
  };
}

function addRoutes(server: FastifyInstance, deps: ConsoleDeps): void {
  server.get('/healthz', async () => ({ ok: true }));
  server.get('/readyz', async (_request, reply) => {
    try {
      await deps.database.read.selectFrom('message').select('id').limit(1).execute();
      return reply.send({ ok: true, jail: deps.jail() ?? null });
    } catch (error) {
      deps.log.error('not-ready', {}, error);
      return reply.code(503).send({ ok: false });
    }
  });
  server.get('/style.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(styleSheet()));
  server.get('/', async (_request, reply) => page(reply, listPage(await newest(deps.database))));
  server.get<{ Params: { id: string } }>('/messages/:id', async (request, reply) => {
    const shown = isId(request.params.id) ? await showMessage(deps, request.params.id) : undefined;
    return shown === undefined ? page(reply.code(404), notFoundPage()) : page(reply, shown);
  });
  server.setNotFoundHandler((_request, reply) => page(reply.code(404), notFoundPage()));
}

const page = (reply: FastifyReply, body: string): FastifyReply => reply.type('text/html; charset=utf-8').send(body);

async function newest(database: Database): Promise<Parameters<typeof listPage>[0]> {
  const rows = await database.read
    .selectFrom('message')
    .select(['id', 'tenant', 'received_at', 'reverse_path', 'untrusted_subject', 'kind'])
    .orderBy('received_at', 'desc')
    .orderBy('id', 'desc')
    .limit(MAX_LISTED)
    .execute();
  if (rows.length === 0) return [];
  const recipients = await database.read
    .selectFrom('recipient')
    .select(['message_id', 'address', 'state'])
    .where(
      'message_id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  return rows.map((row) => ({ row, recipients: recipients.filter((one) => one.message_id === row.id) }));
}

const sealedSchema = z.strictObject({ preview: previewSchema, report: reportSchema });

async function showMessage(deps: ConsoleDeps, id: string): Promise<string | undefined> {
  const exists = await deps.database.read.selectFrom('message').select('id').where('id', '=', id).executeTakeFirst();
  if (exists === undefined) return undefined;
  const { row, recipients } = await loadMessage(deps.database, id);
  if (row.preview_object === null) return messagePage({ row, recipients, opened: undefined });
  const object = await loadObject(deps.database, row.tenant, 'preview', row.preview_object);
  await deps.database.write((tx) =>
    deps.audit.append(tx, {
      tenant: row.tenant,
      event: 'preview-read',
      messageId: id,
      at: deps.now(),
      facts: { object: object.objectId, by: 'loopback' },
    }),
  );
  // Whoever has the admin role's public key can seal: its form is checked as that of a child's answer is.
  const opened = sealedSchema.parse(JSON.parse(Buffer.from(await deps.vault.read(object)).toString()));
  return messagePage({ row, recipients, opened });
}
