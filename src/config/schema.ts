/**
 * All settings, each with the sentence an operator reads. docs/config.md, config/gateway.example.yaml and
 * `sekisho config schema` come from here. Objects are strict: a misspelled key stops the start and names its path.
 */
import { z } from 'zod';
import type { Form } from '../message/texts-config.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../policy/policy.ts';

const MIB = 1024 * 1024;

/** The name of the sentence that says how a value is written; mistakes.ts finds it in the catalogue. */
const form = (name: Form): Form => name;

const hostName = z
  .string()
  .max(253)
  .regex(/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/, form('hostName'));
const listenAddress = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[0-9.]+|localhost):\d{1,5}$/, form('listen'));
const address = z
  .string()
  .max(254)
  .regex(/^[!#$&'*+\-/=?^_`{|}~0-9a-zA-Z.]{1,64}@[a-z0-9.-]{1,253}$/, form('address'));
const identifier = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, form('identifier'));
const path = z.string().min(1);
const block = z.string().regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, form('block'));

const limits = z
  .strictObject({
    maxParts: z
      .int()
      .min(1)
      .max(5000)
      .default(DEFAULT_LIMITS.maxParts)
      .describe('MIME parts of one message; more holds the message.'),
    maxDepth: z
      .int()
      .min(1)
      .max(50)
      .default(DEFAULT_LIMITS.maxDepth)
      .describe('Nesting of parts and of files in files.'),
    maxFileBytes: z
      .int()
      .min(1024)
      .max(256 * MIB)
      .default(DEFAULT_LIMITS.maxFileBytes)
      .describe('One decoded attachment, in bytes; a larger one is held.'),
    maxInnerBytes: z
      .int()
      .min(1024)
      .max(1024 * MIB)
      .default(DEFAULT_LIMITS.maxInnerBytes)
      .describe('All files unpacked from archives and attached mails of one message, in bytes; further ones are held.'),
    maxOutputBytes: z
      .int()
      .min(64 * 1024)
      .max(512 * MIB)
      .default(DEFAULT_LIMITS.maxOutputBytes)
      .describe('All files written for one message, in bytes.'),
    maxBodyChars: z
      .int()
      .min(1000)
      .max(5_000_000)
      .default(DEFAULT_LIMITS.maxBodyChars)
      .describe('Characters of text that become the body; the rest is attached as .txt.'),
    maxPages: z
      .int()
      .min(1)
      .max(5000)
      .default(DEFAULT_LIMITS.maxPages)
      .describe('Pages of one PDF; a longer one is held.'),
    maxMegapixels: z
      .int()
      .min(1)
      .max(400)
      .default(DEFAULT_LIMITS.maxMegapixels)
      .describe('Millions of pixels of one page or picture.'),
    maxPageBytes: z
      .int()
      .min(65_536)
      .max(64 * 1024 * 1024)
      .default(DEFAULT_LIMITS.maxPageBytes)
      .describe('Picture of one page of a PDF, in bytes; a larger one is drawn once more, coarser.'),
    documentMs: z
      .int()
      .min(1000)
      .max(600_000)
      .default(DEFAULT_LIMITS.documentMs)
      .describe('Wall clock for one document, in milliseconds.'),
    messageMs: z
      .int()
      .min(1000)
      .max(1_800_000)
      .default(DEFAULT_LIMITS.messageMs)
      .describe('Wall clock for one message, in milliseconds.'),
  })
  .prefault({});

const policy = z
  .strictObject({
    pdfDpi: z
      .int()
      .min(72)
      .max(300)
      .default(DEFAULT_POLICY.pdfDpi)
      .describe('Resolution at which PDF pages are redrawn.'),
    links: z
      .enum(['defang', 'host-only'])
      .default(DEFAULT_POLICY.links)
      .describe('Links in the body: the whole address made unclickable, or its host alone.'),
    maxLooseFiles: z
      .int()
      .min(0)
      .max(400)
      .default(DEFAULT_POLICY.maxLooseFiles)
      .describe('Files out of one archive or attached mail that go on as attachments; more go on as one rebuilt ZIP.'),
    limits: limits.describe('Where a file or message stops being handled and is held instead.'),
  })
  .prefault({});

const recipients = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('list'),
    file: path.describe('One address a line; # starts a comment. Read again when it changes.'),
  }),
  z.strictObject({
    kind: z.literal('probe').describe('Ask the next hop (MAIL <>, RCPT, QUIT) and remember the answer.'),
    existsMinutes: z.int().min(1).max(10_080).default(1440).describe('How long «exists» is remembered.'),
    unknownMinutes: z.int().min(1).max(1440).default(15).describe('How long «unknown» is remembered.'),
    waitMs: z.int().min(100).max(30_000).default(5000).describe('How long RCPT waits for the first answer before 451.'),
  }),
]);

const hop = z.strictObject({
  host: z.string().min(1).max(253).describe('Next hop on the LGWAN side.'),
  port: z.int().min(1).max(65_535).default(25).describe('Its port.'),
  tls: z
    .enum(['required', 'opportunistic', 'unverified', 'none'])
    .default('opportunistic')
    .describe(
      'STARTTLS: required (never in the clear, certificate verified), opportunistic (used when offered, certificate still verified), unverified (used when offered, whoever answers: against listening only), none.',
    ),
  caFile: path.optional().describe('PEM file of the authority that signed the hop’s certificate.'),
  serverName: z.string().optional().describe('Name in its certificate when it differs from host.'),
  maxConnections: z.int().min(1).max(50).default(4).describe('Connections kept open to this hop.'),
});

const tenant = z.strictObject({
  id: identifier.describe('Short name of the municipality; part of object ids and audit chains, never changed.'),
  name: z.string().min(1).max(60).describe('Name people read, like 中央市.'),
  domains: z.array(hostName).min(1).describe('Mail domains. A domain belongs to one tenant.'),
  recipients: recipients.describe('How we know which addresses exist.'),
  administrators: z.array(address).min(1).describe('Who is told when a mail cannot be delivered.'),
  contact: z.string().min(1).max(120).describe('Whom staff ask about held mail; printed in notices.'),
  policy: identifier.default('default').describe('Policy for this tenant’s mail.'),
  policies: z
    .array(z.strictObject({ recipients: z.array(address).min(1), policy: identifier }))
    .default([])
    .describe('Other policies for some recipients.'),
  nextHop: hop.describe('Where sanitized mail goes.'),
});

const store = z.strictObject({
  kind: z.literal('directory'),
  name: identifier.describe('Name of the store; stands in the header of its shares.'),
  path: path.describe('Folder. Relative paths start at the configuration file’s folder.'),
});

export const settingsSchema = z.strictObject({
  profile: z
    .enum(['production', 'demo'])
    .default('production')
    .describe('«production» refuses what «demo» only warns about: stores on one disk, a jail below its minimum.'),
  dataDir: path
    .default('./data')
    .describe('Folder of database and keys. Relative paths start at the configuration file’s folder.'),
  host: hostName.describe('Our own host name: greeting, Received, Message-IDs we make.'),
  instance: identifier.default('main').describe('Name of this machine among several; part of audit chain names.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least serious event that is logged.'),
  intake: z.strictObject({
    listen: listenAddress.default('127.0.0.1:2525').describe('Address and port for incoming mail.'),
    peers: z
      .array(block)
      .min(1)
      .describe('Addresses or CIDR blocks that may connect; everyone else gets 554 and is closed.'),
    proxies: z
      .array(block)
      .default([])
      .describe(
        'Load balancers that speak the PROXY protocol (v1 or v2) to us: `peers` applies to the address they announce. A connection of theirs without the header is closed.',
      ),
    tlsRequired: z
      .array(block)
      .default([])
      .describe('Peers that must use STARTTLS: their MAIL in the clear gets 530. Needs `tls`.'),
    postmaster: address
      .optional()
      .describe(
        'Who gets mail for <postmaster> without a domain, and for postmaster at domains that have no such address. Default: the tenant’s first administrator, without a domain the first tenant’s.',
      ),
    maxMessageMiB: z
      .int()
      .min(1)
      .max(100)
      .default(50)
      .describe('Largest accepted message, in MiB. Larger ones get 552.'),
    maxRecipients: z
      .int()
      .min(1)
      .max(1000)
      .default(100)
      .describe('Recipients in one transaction (RFC 5321 §4.5.3.1.10 asks for at least 100). Further ones get 452.'),
    maxConnections: z.int().min(1).max(1000).default(100).describe('Connections at once; further ones get 421.'),
    maxConnectionsPerPeer: z.int().min(1).max(1000).default(50).describe('Connections at once from one address.'),
    maxReceivedFields: z
      .int()
      .min(5)
      .max(100)
      .default(50)
      .describe('Received fields; more is a loop and gets 554 5.4.6.'),
    bareLineEnds: z
      .enum(['reject', 'normalize'])
      .default('reject')
      .describe('Bare CR or LF in the data: 550 5.6.11, or rewritten as CRLF and reported. NUL is always refused.'),
    idleSeconds: z
      .int()
      .min(10)
      .max(600)
      .default(300)
      .describe('Silence after which a connection is closed (RFC 5321 §4.5.3.2).'),
    tls: z
      .strictObject({ keyFile: path, certFile: path })
      .optional()
      .describe('Own key and certificate (PEM). Without them STARTTLS is not offered.'),
  }),
  tenants: z.array(tenant).min(1).describe('The municipalities.'),
  policies: z.record(identifier, policy).default({}).describe('Named policies. «default» exists always.'),
  vault: z.strictObject({
    threshold: z.int().min(2).max(16).default(2).describe('k: shares needed to open an object.'),
    stores: z.array(store).min(2).max(16).describe('One share each; any k of them open an object, fewer tell nothing.'),
    failuresUntilDown: z
      .int()
      .min(1)
      .max(100)
      .default(5)
      .describe('Failed writes in a row after which a store counts as down and k others suffice, with an alarm.'),
  }),
  sanitizer: z
    .strictObject({
      workers: z.int().min(1).max(64).default(4).describe('Messages in work at once.'),
      heavyWorkers: z.int().min(1).max(16).default(1).describe('How many of them may be larger than heavyMiB.'),
      heavyMiB: z.int().min(1).max(100).default(8).describe('From this size on a message counts as heavy.'),
      children: z
        .int()
        .min(1)
        .max(128)
        .default(12)
        .describe(
          'Jailed processes kept at once. A process serves one tenant: set it above the number of busy tenants.',
        ),
      documentsPerChild: z
        .int()
        .min(1)
        .max(10_000)
        .default(2000)
        .describe('Messages after which a jailed process is replaced. A life costs about a second of CPU beside them.'),
      childMemoryMiB: z.int().min(256).max(8192).default(1024).describe('RLIMIT_DATA of a jailed process.'),
      leaseSeconds: z.int().min(5).max(600).default(60).describe('Lease of a job; renewed while it is worked on.'),
    })
    .prefault({}),
  jail: z
    .strictObject({
      launcher: z
        .enum(['auto', 'setpriv', 'bwrap', 'unshare', 'none'])
        .default('auto')
        .describe('How children lose their rights; auto takes the strongest that works here.'),
      minimum: z
        .array(
          z.enum([
            'no-network',
            'no-file-writes',
            'no-spawn',
            'own-uid',
            'private-root',
            'seccomp',
            'rlimits',
            'no-new-privs',
          ]),
        )
        .default(['no-network', 'no-file-writes', 'no-spawn'])
        .describe('Layers without which a production start is refused.'),
      uid: z
        .int()
        .min(1000)
        .max(4_000_000_000)
        .default(64_009)
        .describe('User id of jailed children when started as root.'),
    })
    .prefault({}),
  outlet: z
    .strictObject({
      workers: z.int().min(1).max(64).default(4).describe('Messages in delivery at once.'),
      leaseSeconds: z.int().min(5).max(3600).default(120).describe('Lease of a delivery; renewed while it runs.'),
      firstRetrySeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(30)
        .describe('Wait after the first temporary failure; doubles, with jitter.'),
      maxRetrySeconds: z.int().min(1).max(86_400).default(3600).describe('Longest wait between tries.'),
      giveUpHours: z
        .int()
        .min(1)
        .max(240)
        .default(72)
        .describe(
          'Age at which a message counts as undeliverable, once it was tried as often as so many hours of waiting make.',
        ),
      timeoutSeconds: z
        .int()
        .min(5)
        .max(600)
        .default(120)
        .describe('Silence of the next hop after which a try has failed.'),
    })
    .prefault({}),
  admin: z
    .strictObject({
      listen: listenAddress
        .default('127.0.0.1:8025')
        .describe('Address and port of the administrators’ page. Loopback only until accounts exist.'),
    })
    .prefault({}),
  runAs: z
    .strictObject({
      baseUid: z
        .int()
        .min(1000)
        .max(4_000_000_000)
        .default(64_000)
        .describe(
          'When started as root: intake, sanitizer, outlet and admin run as this user id plus 1, 2, 3, 4; its group is shared.',
        ),
    })
    .prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;
export type TenantSettings = Settings['tenants'][number];
