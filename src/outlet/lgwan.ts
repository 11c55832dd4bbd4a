/**
 * The outlet towards LGWAN: SMTP connections of nodemailer 10.6, one set for each tenant's next hop. What goes over the
 * wire are the checked bytes, nothing added and nothing encoded anew; only dots are stuffed (RFC 5321 §4.5.2).
 */
import type { Settings } from '../config/schema.ts';
import type { CheckedMessage } from '../gate/receipt.ts';
import { GatewayError } from '../message/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { Connections } from './connections.ts';
import { type NextHop, nextHop } from './hop.ts';
import type { Outlet, RecipientResult } from './outlet.ts';
import { probeRecipient } from './probe.ts';
import { transact, unreachable } from './transaction.ts';

export interface OutletDeps {
  readonly log: Log;
}

interface Exit {
  readonly hop: NextHop;
  readonly connections: Connections;
}

/** Envelope addresses go into a command line: this, and nothing that ends it or adds a parameter. */
const ADDRESS = /^[a-z0-9!#$&'*+\-/=?^_`{|}~.]{1,64}@[a-z0-9.-]{1,189}$/i;
const CRLF = [0x0d, 0x0a];

/** @throws GatewayError E_CONFIG_INVALID when a hop's authority file cannot be read. */
export function openLgwanOutlet(settings: Pick<Settings, 'host' | 'tenants' | 'outlet'>, deps: OutletDeps): Outlet {
  const exits = new Map(
    settings.tenants.map((tenant): [string, Exit] => {
      const hop = nextHop(tenant, settings.host, settings.outlet.timeoutSeconds);
      return [tenant.id, { hop, connections: new Connections(hop) }];
    }),
  );
  const exitOf = (tenant: string): Exit => {
    const exit = exits.get(tenant);
    if (exit === undefined) throw new GatewayError('E_CONFIG_INVALID', 'no next hop for this tenant', { tenant });
    return exit;
  };
  return {
    async deliver(tenant, message, recipients) {
      const results = await deliver(exitOf(tenant), message, recipients);
      const taken = results.filter(({ kind }) => kind === 'taken').length;
      const fields = { tenant, messageId: message.messageId, recipients: recipients.length, taken };
      deps.log.info('outlet-transaction', fields);
      return results;
    },
    hopOf(tenant) {
      const { host, port } = exitOf(tenant).hop;
      return { host, port };
    },
    async probe(tenant, address) {
      return ADDRESS.test(address) ? probeRecipient(exitOf(tenant).hop, address) : 'unknown';
    },
    async close() {
      for (const { connections } of exits.values()) connections.close();
    },
  };
}

async function deliver(
  exit: Exit,
  message: CheckedMessage,
  recipients: readonly string[],
): Promise<readonly RecipientResult[]> {
  const { bytes } = message;
  const ends = bytes.subarray(-2);
  if (ends[0] !== CRLF[0] || ends[1] !== CRLF[1]) {
    // The transport would add a line end of its own: other bytes than the receipt says.
    throw new GatewayError('E_RECEIPT_INVALID', 'message does not end with CRLF', { messageId: message.messageId });
  }
  const allowed = new Set(message.recipients);
  const sendable = recipients.filter((recipient) => ADDRESS.test(recipient) && allowed.has(recipient));
  const sent = sendable.length === 0 ? [] : await overConnection(exit, sendable, bytes);
  const byRecipient = new Map(sent.map((result) => [result.recipient, result]));
  return recipients.map((recipient) => byRecipient.get(recipient) ?? notSendable(recipient));
}

async function overConnection(
  { hop, connections }: Exit,
  recipients: readonly string[],
  bytes: Uint8Array,
  fresh = false,
): Promise<readonly RecipientResult[]> {
  let stale = false;
  let results: readonly RecipientResult[] | undefined;
  try {
    await connections.use(async (connection, reused) => {
      const attempt = await transact(connection, recipients, bytes, hop.timeoutMs);
      results = attempt.results;
      stale = reused && attempt.untouched;
      if (!attempt.reusable) throw new Unusable();
    }, fresh);
  } catch (error) {
    if (!(error instanceof Unusable)) return unreachable(recipients, error);
  }
  // The hop had closed an idle connection; the message has not been shown to anybody.
  if (stale) return overConnection({ hop, connections }, recipients, bytes, true);
  return results ?? unreachable(recipients, new Error('no result'));
}

/** Tells the connections that this one must go. */
class Unusable extends Error {}

const notSendable = (recipient: string): RecipientResult => ({
  kind: 'refused',
  recipient,
  reply: 'not sent: address is not one of this message or not valid for SMTP',
});
