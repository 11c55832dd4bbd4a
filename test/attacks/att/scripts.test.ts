/** «Executables and scripts never pass, under any name»: the same bytes under innocent names and types, and their benign twins. */
import { expect, test } from 'vitest';
import { attached, mixed, noticeLine, through } from '../through.ts';

const PROGRAM = Buffer.concat([
  Buffer.from('MZ\x90\x00\x03\x00\x00\x00', 'latin1'),
  Buffer.alloc(600),
  Buffer.from('DOS'),
]);
/** Built from pieces, so that an antivirus on a developer's machine leaves this file alone. */
const TEST_VIRUS = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-', 'TEST-FILE!$H+H*'].join('');

test.each([
  ['A05', 'program', 'text/plain', PROGRAM, 'executable'],
  ['A05', 'program', 'image/png', PROGRAM, 'executable'],
  ['A05', 'program', 'application/pdf', PROGRAM, 'executable'],
  [
    'A04',
    'program that is a PDF too',
    'application/pdf',
    Buffer.concat([PROGRAM, Buffer.from('%PDF-1.4\n%%EOF')]),
    'executable',
  ],
  ['A04', 'picture that is JavaScript too', 'image/gif', 'GIF89a/*a*/=1;alert(1)//', 'malformed'],
  ['A12', 'test virus', 'text/plain', TEST_VIRUS, 'script'],
  ['A06', 'VBScript', 'text/plain', 'Set sh = CreateObject("WScript.Shell")\r\nsh.Run "calc"\r\n', 'script'],
  ['A06', 'VBScript behind a comment', 'text/plain', "' hello\r\nOn Error Resume Next\r\nx = 1\r\n", 'script'],
  ['A06', 'JScript', 'text/plain', 'var s = new ActiveXObject("WScript.Shell");\r\n', 'script'],
  ['A06', 'JavaScript', 'text/plain', '(function(){ go("1"); })();\r\n', 'script'],
  ['A06', 'encoded JScript', 'text/plain', '#@~^XQAAAA==-mD~6~xPU', 'script'],
  ['A06', 'PowerShell', 'text/csv', '$c = New-Object System.Net.WebClient\r\nIEX $c.x\r\n', 'script'],
  ['A06', 'batch with echo', 'text/plain', '@echo off\r\nstart calc\r\n', 'script'],
  ['A06', 'batch without echo', 'text/plain', ':: x\r\nstart "" calc.exe\r\n', 'script'],
  ['A06', 'batch that calls PowerShell', 'text/plain', 'cls\r\npowershell -enc AAAA\r\n', 'script'],
  ['A06', 'Python', 'text/plain', '# x\nimport os\nos.system("x")\n', 'script'],
  ['A06', 'shell', 'text/plain', '#!/bin/sh\necho\n', 'script'],
  ['A06', 'HTA', 'text/html', '<html><hta:application id=x><script>1</script></html>', 'script'],
  ['A06', 'WSF', 'text/xml', '<job><script language="VBScript">x</script></job>', 'script'],
  [
    'A06',
    'registry file in UTF-16',
    'text/plain',
    Buffer.from('\uFEFFWindows Registry Editor Version 5.00\r\n', 'utf16le'),
    'script',
  ],
  [
    'A06',
    'setup information behind a comment',
    'text/plain',
    '; x\r\n[Version]\r\nSignature="$CHICAGO$"\r\n',
    'script',
  ],
  ['A07', 'internet shortcut', 'text/plain', '[InternetShortcut]\r\nURL=file://h/x\r\n', 'script'],
  [
    'A07',
    'internet shortcut behind other lines',
    'text/plain',
    '[{000214A0}]\r\nProp3=19,2\r\n[InternetShortcut]\r\nURL=file://h/x\r\n',
    'script',
  ],
  ['A07', 'shell command file', 'text/plain', '[Shell]\r\nCommand=2\r\n', 'script'],
  ['A07', 'shortcut', 'text/plain', Buffer.from('4c0000000114020000000000c000000000000046', 'hex'), 'script'],
  ['A07', 'search connector', 'text/xml', '<?xml version="1.0"?><searchConnectorDescription/>', 'script'],
  ['A07', 'ClickOnce application', 'text/xml', '<?xml version="1.0"?><asmv1:assembly xmlns:asmv1="x"/>', 'script'],
  ['A07', 'remote desktop', 'text/plain', 'screen mode id:i:2\r\nfull address:s:evil\r\n', 'script'],
  ['A11', 'SYLK', 'text/csv', 'ID;PWXL;N;E\r\nC;X1;Y1;EEXEC("x")\r\n', 'script'],
  ['A11', 'web query', 'text/plain', 'WEB\r\n1\r\nhttp://x.example.invalid/\r\n', 'script'],
])('%s: a %s declared %s and called memo.txt is held', async (_id, _what, type, content, reason) => {
  const mail = await through(...mixed(attached('memo.txt', type, content)));
  expect(mail.files).toEqual([]);
  expect(mail.report.attachments).toMatchObject([{ outcome: 'blocked', reason }]);
  expect(noticeLine(mail, 'memo.txt')).toContain('お渡しできません');
});

test.each([
  [
    'a letter about commands',
    'コマンドプロンプトで start や powershell を使わないでください。\r\ncmd キーを押すと開きます。\r\nimport は輸入という意味です。\r\n',
  ],
  [
    'minutes with numbers',
    '議事録\r\n1. version について\r\n[version] 3 版\r\nfunction の説明 (関数)\r\nSub total: 100\r\n',
  ],
  [
    'an English letter',
    'Option A is explicit.\r\nStart of the meeting: 10:00\r\nWe import goods from abroad.\r\nLet us begin; const is fine.\r\n',
  ],
  ['a settings list', 'full name: 山田\r\nURL: example.jp\r\nvar. 2\r\n'],
])('A06: %s passes (benign twin)', async (_what, content) => {
  const mail = await through(...mixed(attached('memo.txt', 'text/plain', content)));
  expect(mail.report.attachments).toMatchObject([{ outcome: 'rebuilt' }]);
  expect(mail.files[0]?.bytes.toString()).toContain(content.split('\r\n')[0]);
});

test.each([
  ['M55', 'x.vbs.'],
  ['M55', 'x.vbs. . '],
  ['M54', 'x.vbs::$DATA'],
  ['M54', 'x.vbs;1'],
  ['M57', 'x.vbs\0.txt'],
  ['B06', 'x.v\u200Bbs'],
  ['B05', 'x.\u202Evbs'],
  ['B37', 'x.ｖｂｓ'],
  ['B37', 'x．vbs'],
])('%s: a text called %j is a script', async (_id, name) => {
  const mail = await through(...mixed(attached(name, 'text/plain', 'x = 1\r\n')));
  expect(mail.report.attachments).toMatchObject([{ outcome: 'blocked', reason: 'script' }]);
});

test.each([
  ['name', ['Content-Type: text/plain; name="x.vbs"', 'Content-Disposition: attachment; filename="memo.txt"']],
  ['filename', ['Content-Type: text/plain; name="memo.txt"', 'Content-Disposition: attachment; filename="x.vbs"']],
  [
    'a second disposition',
    [
      'Content-Type: text/plain; name="memo.txt"',
      'Content-Disposition: attachment; filename="memo.txt"',
      'Content-Disposition: attachment; filename="x.vbs"',
    ],
  ],
  [
    'filename*',
    ['Content-Type: text/plain', "Content-Disposition: attachment; filename=memo.txt; filename*=UTF-8''x.vbs"],
  ],
])('M50: of several names, the script in %s counts', async (_where, fields) => {
  const mail = await through(...mixed([...fields, '', 'x = 1']));
  expect(mail.report.attachments).toMatchObject([{ outcome: 'blocked', reason: 'script' }]);
});

test('M50: several innocent names are no reason to hold (benign twin)', async () => {
  const fields = [
    'Content-Type: text/plain; name="a.txt"',
    'Content-Disposition: attachment; filename="2026.11.22 b:c.txt"',
  ];
  const mail = await through(...mixed([...fields, '', 'x = 1']));
  expect(mail.report.attachments).toMatchObject([{ outcome: 'rebuilt' }]);
});
