/** «No other code path leads to that socket»: who may open one, who makes a checked message, who signs. By the source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }));
const filesWith = (pattern: RegExp): string[] =>
  sources
    .filter(({ text }) => pattern.test(text))
    .map(({ file }) => file)
    .sort();

/** Besides isIP and its kind, which open nothing. */
const SOCKETS =
  /import (?!type)[^;]*\b(?:connect|createConnection|createServer|createSocket|Socket|request|Agent)\b[^;]* from 'node:(?:net|tls|http|https|http2|dgram)'|from 'node:(?:http|https|http2|dns)'|import (?!type)[^;]* from '(?:nodemailer|smtp-server|undici|ws)[/']|\bfetch\(|new WebSocket/;

test('a socket is opened by those who have to, and by nobody else', () => {
  const uses = new Map([
    ['cli/demo.ts', 'the demo sends its sample mails to our intake'],
    ['cli/demo/sink.ts', 'the demo’s LGWAN side'],
    ['console/server.ts', 'the administrators’ page listens'],
    ['intake/connection.ts', 'listens'],
    ['intake/server.ts', 'listens'],
    ['jail/layers.ts', 'something for the probe to fail on'],
    ['jail/probe.ts', 'tries to get out of the jail'],
    ['outlet/connections.ts', 'the door: used by lgwan.ts, with a CheckedMessage'],
    ['outlet/dialog.ts', 'probes: MAIL <>, RCPT, QUIT'],
  ]);
  expect(filesWith(SOCKETS).filter((file) => !uses.has(file))).toEqual([]);
  expect(filesWith(SOCKETS)).toEqual(expect.arrayContaining(['outlet/connections.ts', 'outlet/dialog.ts']));
});

test('only the receipt’s verification makes a checked message, and only flow/deliver asks for one', () => {
  expect(filesWith(/as (?:unknown as )?CheckedMessage/)).toEqual(['gate/receipt.ts']);
  expect(filesWith(/import[^;]*\bverifyForDelivery\b/)).toEqual(['flow/deliver.ts']);
  expect(filesWith(/\.deliver\(/)).toEqual(['flow/deliver.ts']);
});

test('only the gate signs, after both of its halves', () => {
  expect(filesWith(/import[^;]*\bsignReceipt\b/)).toEqual(['gate/pass.ts']);
});

test('the connections of the door are used by the door, and a probe never says DATA', () => {
  expect(filesWith(/import (?!type)[^;]* from '\.{1,2}\/(?:outlet\/)?connections\.ts'/)).toEqual(['outlet/lgwan.ts']);
  const probes = sources.filter(({ file }) => /^outlet\/(?:dialog|probe)\.ts$/.test(file));
  expect(probes).toHaveLength(2);
  for (const { text } of probes) expect(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')).not.toMatch(/\b(?:DATA|BDAT)\b/);
});
