/** Mails in mails, and data that a mail program would unwrap: everything is rebuilt or held with its reason, nothing slips by. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attached, base64, HEADER, mixed, noticeLine, through } from '../through.ts';

const CANARY = 'CANARY-7f3a9c51e2b8';
const PROGRAM = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(62), Buffer.from(`This program ${CANARY}`)]);

describe('S/MIME', () => {
  /** DER of a ContentInfo (RFC 5652 §3) as far as a reader looks before it unwraps: SEQUENCE, OID, [0]. */
  const contentInfo = (kind: number, content: Buffer): Buffer => {
    const oid = Buffer.from([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, kind]);
    const inner = Buffer.concat([Buffer.from([0xa0, 0x82, content.length >> 8, content.length & 255]), content]);
    const length = oid.length + inner.length;
    return Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 255]), oid, inner]);
  };

  test.each([
    ['M44', 'opaque-signed with a program inside', 2, 'smime-type=signed-data', 'smime.p7m'],
    ['M45', 'encrypted', 3, 'smime-type=enveloped-data', 'smime.p7m'],
    ['M45', 'encrypted, under a harmless name', 3, 'name=x.txt', 'x.txt'],
  ])('%s: %s is held, and the notice says why', async (_id, _what, kind, parameter, name) => {
    const mail = await through(
      ...mixed(attached(name, `application/pkcs7-mime; ${parameter}`, contentInfo(kind, PROGRAM))),
    );
    expect(mail.everything).not.toContain(CANARY);
    expect(mail.report.attachments[0]).toMatchObject({ outcome: 'blocked', reason: 'signed-data' });
    expect(noticeLine(mail, name)).toContain('お渡しできません');
    expect(mail.text).toContain('Please read.');
  });

  test('M44: as the only part of the mail, it still ends in a mail with a notice', async () => {
    const mail = await through(
      ...HEADER,
      'Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m',
      'Content-Transfer-Encoding: base64',
      '',
      base64(contentInfo(2, PROGRAM)),
    );
    expect(mail.everything).not.toContain(CANARY);
    expect(mail.text).toContain('smime.p7m');
    expect(mail.report.attachments[0]?.outcome).toBe('blocked');
  });

  test('M44: a clear-signed mail keeps its text; the signature is taken off and named (benign twin)', async () => {
    const mail = await through(
      ...HEADER,
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="s"',
      '',
      '--s',
      'Content-Type: text/plain',
      '',
      'Signed words.',
      '--s',
      'Content-Type: application/pkcs7-signature; name=smime.p7s',
      'Content-Transfer-Encoding: base64',
      '',
      base64(contentInfo(2, Buffer.from('signature'))),
      '--s--',
    );
    expect(mail.text).toContain('Signed words.');
    expect(mail.files).toEqual([]);
    expect(mail.text).toMatch(/署名/);
  });
});

describe('TNEF (winmail.dat)', () => {
  const attribute = (level: number, id: number, data: Buffer, length = data.length): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUInt8(level, 0);
    head.writeUInt32LE(id, 1);
    head.writeUInt32LE(length, 5);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(data.reduce((total, byte) => (total + byte) & 0xffff, 0));
    return Buffer.concat([head, data, sum]);
  };
  const tnef = (...attributes: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]), ...attributes]);
  const ATTACH_DATA = 0x0006800f;
  const ATTACH_TITLE = 0x00018010;

  test.each([
    [
      'M48',
      'with a program',
      tnef(attribute(2, ATTACH_TITLE, Buffer.from('a.exe\0')), attribute(2, ATTACH_DATA, PROGRAM)),
    ],
    ['M49', 'with a length beyond its end', tnef(attribute(2, ATTACH_DATA, PROGRAM, 0xffff_fff0))],
    [
      'M49',
      'with a name that climbs',
      tnef(attribute(2, ATTACH_TITLE, Buffer.from('..\\..\\x.exe\0')), attribute(2, ATTACH_DATA, PROGRAM)),
    ],
    [
      'M49',
      'in itself, ten deep',
      Array.from({ length: 10 }).reduce<Buffer>((inner) => tnef(attribute(2, ATTACH_DATA, inner)), PROGRAM),
    ],
  ])('%s: %s never passes as it is', async (_id, _what, bytes) => {
    const mail = await through(...mixed(attached('winmail.dat', 'application/ms-tnef', bytes)));
    expect(mail.everything).not.toContain(CANARY);
    expect(mail.report.attachments[0]?.detectedType).toBe('tnef');
    expect(mail.text).toContain('winmail.dat');
    expect(mail.text).toContain('Please read.');
  });
});

test('M41: BinHex in the text is named and goes; as an attachment it is text or held, never decoded', async () => {
  const binhex =
    '(This file must be converted with BinHex 4.0)\r\n\r\n:$f*TEQKPH#jMFQKPH#"!0#3"J!#3!!!!#3N!!!#3!"8j!!!:\r\n';
  const inText = await through(...HEADER, 'Content-Type: text/plain', '', binhex);
  expect(inText.files).toEqual([]);
  expect(inText.text).toContain('BinHex');
  expect(inText.text).not.toContain('TEQKPH');
  const asFile = await through(...mixed(attached('a.hqx', 'application/mac-binhex40', binhex)));
  for (const file of asFile.files) expect(file.name).toMatch(/\.txt$/);
});

describe('a bounce that carries the mail back', () => {
  const report = (original: readonly string[]): readonly string[] => [
    ...HEADER,
    'Content-Type: multipart/report; report-type=delivery-status; boundary="r"',
    '',
    '--r',
    'Content-Type: text/plain',
    '',
    'Your mail could not be delivered.',
    '--r',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.com',
    '',
    'Final-Recipient: rfc822; taro@example.com',
    'Action: failed',
    'Status: 5.1.1',
    '--r',
    'Content-Type: message/rfc822',
    '',
    ...original,
    '--r--',
  ];

  test('M75: a program in the returned mail is held, its text is kept, depth is counted', async () => {
    const mail = await through(...report(mixed(attached('run.exe', 'application/octet-stream', PROGRAM))));
    expect(mail.everything).not.toContain(CANARY);
    expect(mail.text).toContain('Your mail could not be delivered.');
    expect(mail.everything).toContain('Please read.');
    const program = mail.report.attachments.find(({ untrustedName }) => untrustedName === 'run.exe');
    expect(program).toMatchObject({ outcome: 'blocked', reason: 'executable' });
    expect(program?.path).toContain('/');
  });

  test('M75: why it came back can be read (benign twin)', async () => {
    const mail = await through(...report([...HEADER, 'Content-Type: text/plain', '', 'The mail of yesterday.']));
    expect(mail.everything).toContain('The mail of yesterday.');
    expect(mail.everything).toContain('5.1.1');
  });
});

test('M63: fields of a part other than type, encoding and disposition do not come through', async () => {
  const odd = [
    'Content-Duration: 60',
    'Content-Language: ja',
    'Content-MD5: Q2hlY2s=',
    'Content-Features: x',
    'X-Part: qzx',
  ];
  const [type = '', ...rest] = attached('memo.txt', 'text/plain', 'words');
  const mail = await through(...mixed([type, ...odd, ...rest]));
  expect(mail.files[0]?.bytes.toString()).toContain('words');
  const raw = mail.everything;
  for (const field of odd) expect(raw).not.toContain(field.split(':')[0]);
});

test('M44: what openssl itself writes is recognised (needs openssl)', async (context) => {
  const pem = join(mkdtempSync(join(tmpdir(), 'smime-')), 'k.pem');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=t', '-days', '2', '-keyout', pem];
  const sign = ['smime', '-sign', '-nodetach', '-binary', '-outform', 'DER', '-signer', pem, '-inkey', pem];
  let signed: Buffer;
  try {
    appendFileSync(pem, execFileSync('openssl', request, { stdio: ['ignore', 'pipe', 'ignore'] }));
    signed = execFileSync('openssl', sign, { input: PROGRAM });
  } catch (error) {
    if (process.env['SEKISHO_SERVICES'] === '1') throw error;
    console.log('skipped: openssl is not installed (npm run setup:services)');
    return context.skip();
  }
  const mail = await through(...mixed(attached('smime.p7m', 'application/pkcs7-mime', signed)));
  expect(mail.everything).not.toContain(CANARY);
  expect(mail.report.attachments[0]).toMatchObject({ outcome: 'blocked', reason: 'signed-data' });
});
