/** The plain page: what it shows, to whom, and what it never lets through. Real database, real server on loopback. */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { html } from '../../../src/console/html.ts';
import { openConsole } from '../../../src/console/server.ts';
import { temporaryKeys } from '../../../src/keys/temporary.ts';
import { newId } from '../../../src/message/ids.ts';
import { answer, keptLog, openBench as openFlow, readyMessage } from '../flow/bench.ts';

const EVIL = '<script>alert(1)</script><img src=x onerror="a()">\'&';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function get(port: number, path: string, host = `127.0.0.1:${port}`, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function openBench(jail?: object) {
  const flow = await openFlow();
  const log = keptLog();
  const told: string[] = [];
  const read: string[] = [];
  const server = await openConsole({
    database: flow.database,
    vault: {
      ...flow.store.vault,
      async read(object) {
        read.push(`${object.kind} after ${told.length} entries`);
        return flow.store.vault.read(object);
      },
    },
    audit: { append: async (_, { event, messageId }) => void told.push(`${event} ${messageId}`) },
    host: '127.0.0.1',
    port: 0,
    now: () => 0,
    log,
    jail: () => jail,
  });
  onTestFinished(() => server.close());
  return { flow, log, told, read, port: server.port, page: (path: string) => get(server.port, path) };
}

test('S every string from outside is text on the page, in the list and on its own page', async () => {
  const { flow, page } = await openBench();
  const [id = ''] = await flow.accept();
  const shown = answer(EVIL, {
    header: { subject: EVIL, from: EVIL, to: EVIL, cc: EVIL, date: EVIL, messageId: EVIL },
    body: {
      declaredCharset: EVIL,
      charset: 'utf-8',
      source: 'html',
      links: [{ untrustedText: EVIL, target: 'https://example.com/', suspicion: [] }],
      hiddenText: EVIL,
      removed: [{ what: 'script', count: 2 }],
    },
    attachments: [
      {
        path: '2',
        untrustedName: EVIL,
        declaredType: EVIL,
        detectedType: 'pdf',
        bytes: 1,
        sha256: '0'.repeat(64),
        outcome: 'pdf',
        outputs: [{ name: EVIL, type: 'pdf', bytes: 1, sha256: '0'.repeat(64), pages: 3 }],
        removed: [{ what: 'form', count: 1 }],
      },
    ],
  });
  flow.onJob = () => shown;
  await flow.process(await flow.take('process'));
  const escaped = '&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;a()&quot;&gt;&#39;&amp;';
  for (const path of ['/', `/messages/${id}`]) {
    const { status, body } = await page(path);
    expect(status).toBe(200);
    expect(body).toContain(escaped);
    expect(body).not.toMatch(/<script|<img|onerror="/);
  }
});

test('a look at texts is told before anything is opened, and only the preview is', async () => {
  const { flow, page, told, read } = await openBench();
  const id = await readyMessage(flow);
  await page('/');
  expect([told, read]).toEqual([[], []]);
  const { body } = await page(`/messages/${id}`);
  expect(body).toContain('safe');
  expect(told).toEqual([`preview-read ${id}`]);
  expect(read).toEqual(['preview after 1 entries']);
});

test('the admin role has no key that opens an original or a sanitized message', () => {
  const keys = temporaryKeys()('admin');
  for (const role of ['sanitizer', 'outlet-lgwan'] as const) {
    expect(() => keys.openingKey(role, keys.sealingKey(role).keyId)).toThrow(
      expect.objectContaining({ code: 'E_KEY_MISSING' }),
    );
  }
});

test('a message that is not rebuilt yet is shown without texts', async () => {
  const { flow, page, read } = await openBench();
  const [id = ''] = await flow.accept();
  expect((await page(`/messages/${id}`)).body).toContain('まだ無害化されていません');
  expect(read).toEqual([]);
});

test('no scripts, no frames, no cache, no guessing of types — on every answer', async () => {
  const { flow, page, port } = await openBench();
  const id = await readyMessage(flow);
  const answers = [
    ...(await Promise.all(['/', '/style.css', '/none', '/healthz', '/readyz', `/messages/${id}`].map(page))),
    await get(port, '/', 'evil.example'),
    await get(port, '/', undefined, 'POST'),
  ];
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(headers['content-security-policy']).not.toContain('unsafe');
  }
});

test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example', '[::1].evil'])(
  'DNS rebinding: Host %j sees nothing',
  async (host) => {
    const { flow, port } = await openBench();
    await readyMessage(flow);
    const { status, body } = await get(port, '/', host);
    expect([400, 403]).toContain(status);
    expect(body).not.toContain('会議');
  },
);

test.each(['localhost', '127.0.0.1:8080', '[::1]:80'])('Host %s is us', async (host) => {
  const { port } = await openBench();
  expect((await get(port, '/', host)).status).toBe(200);
});

test.each(['/none', '/messages/', `/messages/${newId()}`, '/messages/..%2f..%2fetc', '/messages/%00', '/style.css/x'])(
  '%s is not found',
  async (path) => {
    const { page, told } = await openBench();
    const { status, body } = await page(path);
    expect([400, 404]).toContain(status);
    expect(body).not.toMatch(/ at |Error:/);
    expect(told).toEqual([]);
  },
);

test('what fails inside is told to the log, not to the page', async () => {
  const { flow, page, log } = await openBench();
  const id = await readyMessage(flow);
  flow.store.objects.clear();
  const { status, body } = await page(`/messages/${id}`);
  expect(status).toBe(500);
  expect(body).toContain('表示できません');
  expect(body).not.toMatch(/object|E_OBJECT/);
  expect(log.events()).toContain('page-failed');
});

test('a preview of another form is not shown: who can seal is not whom we believe', async () => {
  const { flow, page } = await openBench();
  const id = await readyMessage(flow);
  const row = await flow.database.read.selectFrom('message').select('preview_object').executeTakeFirstOrThrow();
  const forged = Buffer.from(JSON.stringify({ preview: { textBefore: 5 }, report: {} }));
  const ref = { objectId: row.preview_object ?? '', tenant: 't1', kind: 'preview' as const };
  await flow.store.vault.put(ref, 'admin', forged);
  const sha256 = createHash('sha256').update(forged).digest('hex');
  await flow.database.write(async (tx) => {
    await tx.updateTable('object').set({ sha256 }).where('id', '=', ref.objectId).execute();
  });
  expect((await page(`/messages/${id}`)).status).toBe(500);
});

test('/healthz and /readyz; not ready without the database', async () => {
  const { flow, page } = await openBench();
  expect([(await page('/healthz')).status, (await page('/readyz')).status]).toEqual([200, 200]);
  const { sql } = await import('kysely');
  await flow.database.write((tx) => sql`alter table message rename to gone`.execute(tx));
  expect([(await page('/healthz')).status, (await page('/readyz')).status]).toEqual([200, 503]);
});

test('/readyz tells each layer of the jail, where the sanitizer runs beside it', async () => {
  const layers = [{ name: 'no-network', held: true, by: 'kernel' }];
  const near = await openBench({ launcher: 'bwrap', layers });
  expect(JSON.parse((await near.page('/readyz')).body)).toEqual({ ok: true, jail: { launcher: 'bwrap', layers } });
  const far = await openBench();
  expect(JSON.parse((await far.page('/readyz')).body)).toEqual({ ok: true, jail: null });
});

test('the template escapes what is put in, also in attributes, and keeps what is HTML already', () => {
  expect(html`<a title="${'"><b>'}">${html`<i>${'<'}</i>`}${5}${[html`<u>`, html`</u>`]}</a>`.text).toBe(
    '<a title="&quot;&gt;&lt;b&gt;"><i>&lt;</i>5<u></u></a>',
  );
  // Text that only looks like the template's own values stays text.
  const forged = JSON.parse('{"text":"<b>"}');
  expect(html`${`${forged.text}`}`.text).toBe('&lt;b&gt;');
});
