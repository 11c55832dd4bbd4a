/** Which texts are programs, whatever they are called; and near them the sentences that are none. */
import { describe, expect, test } from 'vitest';
import type { FileType } from '../../../../src/message/file-type.ts';
import { detectNow } from '../../../../src/sanitize/detect/detect.ts';

const typeOf = (content: string, untrustedName = 'memo.txt', declaredType = 'text/plain'): FileType | undefined =>
  detectNow(Buffer.from(content), { untrustedName, declaredType });

describe('names that Windows and others run', () => {
  const names =
    'bat cmd com ps1 ps1xml psm1 psd1 vbs vbe vb js jse mjs wsf wsc wsh ws sct hta py pyw pl rb sh bash zsh csh ksh php reg inf lnk url website scf ' +
    'desktop library-ms search-ms searchconnector-ms theme themepack settingcontent-ms appref-ms application pif iqy slk dqy odc oqy rqy dif prn ' +
    'jnlp msc xbap xaml appinstaller gadget mof diagcab rdp vcs cpl scr exe dll sys drv chm hlp jar msi svgz command workflow action tcl lua ahk au3 csproj vbproj proj targets';
  test.each(names.split(' '))('a text called x.%s', (extension) => {
    expect(typeOf('hello', `x.${extension}`)).toBe('script');
    expect(typeOf('hello', `x.${extension.toUpperCase()}`)).toBe('script');
    expect(typeOf('hello', `${extension}.txt`)).toBe('text');
  });

  test.each(['txt', 'log', 'md', 'dat', 'text', 'jsx1', '議事録'])('benign twin: a text called x.%s', (extension) => {
    expect(typeOf('hello', `x.${extension}`)).toBe('text');
  });
});

/** How a program begins. */
const BEGINNINGS = [
  '#!/bin/sh',
  '#! python',
  '@echo off',
  '@ECHO OFF',
  'setlocal enabledelayedexpansion\n',
  '@setlocal \nx',
  'rem hello\nx',
  'REM x\n',
  '@rem x\n',
  '<?php echo 1;',
  '<?PHP',
  '<% x %>',
  '<%@ page %>',
  '<job id="x">',
  '<package>',
  '<component>',
  '<scriptlet>',
  '<JOB>',
  '<?xml version="1.0"?><job>',
  '<?xml?>\n <package>',
  '<?xml version="1.0"?>\n<?job error="true"?>\n<job>',
  '<?xml?><component>',
  '<?xml?><scriptlet>',
  '<?xml?><libraryDescription>',
  '<?xml?><searchConnectorDescription>',
  '<?xml?><persistedQuery>',
  '<?xml?><PCSettings>',
  '<?xml?><jnlp>',
  '<?xml?><MMC_ConsoleFile>',
  '<?xml?><Project>',
  '<?xml?><assembly>',
  '<?xml?><asmv1:assembly>',
  '<?XML?><ASM-v1:Assembly>',
  '[InternetShortcut]',
  '[internetshortcut]',
  '[Shell]',
  '[.ShellClassInfo]',
  '[Desktop Entry]',
  '[version]',
  '[autorun]',
  '[Theme]',
  'REGEDIT4',
  'regedit4',
  'Windows Registry Editor Version 5.00',
  'ID;PWXL',
  'WEB\n1',
  'web\r\n1',
  'XLODBC\n1',
  'xlodbc\r\n1',
  'push graphic-context',
  'PUSH GRAPHIC-CONTEXT',
  '#@~^XQAAAA==',
  '%!PS-Adobe-3.0',
  '%FDF-1.2',
  '<xfdf xmlns="x">',
  '<xfdf>',
  '<XFDF>',
  '<xdp:xdp xmlns="x">',
  '<?xml version="1.0"?>\n <xfdf>',
  ['X5O!P%@AP', '[4\\PZX54(P^)'].join(''),
];

describe('beginnings', () => {
  test.each(BEGINNINGS)('%j', (start) => {
    expect(typeOf(start)).toBe('script');
    // Behind a byte order mark and white space too.
    expect(typeOf(`\uFEFF \r\n\t${start}`)).toBe('script');
  });

  // Those that are statements of their own line as well count anywhere.
  const anywhere = /^\[(?:InternetShortcut)\]$/i;
  test.each(BEGINNINGS.filter((start) => !anywhere.test(start)))('benign twin: %j within a sentence', (start) => {
    expect(typeOf(`Note: ${start}`)).not.toBe('script');
    expect(typeOf(`A line.\nNote: ${start}`)).not.toBe('script');
  });

  test.each([
    'echo off',
    '@echoes of the past',
    'remember the day\n',
    'rem without an end',
    '@remote\n',
    'setlocally',
    '#@~x',
    '<jobs>',
    '<packages>',
    '<?xml?><jobs>',
    '<?xml?><projects>',
    '<?xml?><a><job>',
    '<?xml?><:assembly>',
    `<?xml?><${'a'.repeat(21)}:assembly>`,
    '[Shells]',
    '[versions]',
    'ID,P',
    'id;p',
    'WEB 1',
    'WEB\nx',
    'XLODBC 1',
    'push the graphic',
    '<xfdfs>',
    '<xdp:xdps>',
    '% comment',
    '%FDF',
  ])('benign twin: %j', (start) => {
    expect(typeOf(start)).not.toBe('script');
  });

  test('HTA wherever it stands, in a page too', () => {
    expect(typeOf('<html><head><HTA:APPLICATION id=x></head></html>')).toBe('script');
    expect(typeOf('some text <hta:application>')).toBe('script');
    expect(typeOf('<html><head></head>hta application</html>')).toBe('html');
  });
});

/** Lines that only programs have: alone, behind and before others, indented. */
const STATEMENTS = [
  'CreateObject("x")',
  'createobject ("x")',
  'CreateObject\t ("x")',
  'Set sh = CreateObject("x")',
  'Set a_b1=CreateObject("x")',
  'Set \t a \t = \t CreateObject("x")',
  'Set a = WScript.CreateObject("x")',
  'WScript.CreateObject("x")',
  'On Error Resume Next',
  'on error resume next',
  'On Error Resume Next \t',
  'Option Explicit',
  'Option Explicit  ',
  'WScript.Echo "x"',
  'wscript.q',
  'Sub Main()',
  'Sub \t a_1()',
  'Sub a \t ()',
  'sub a(ByVal x, y)',
  'Sub a() \t',
  'Private Sub a()',
  'Public \t Sub a()',
  'function f() {',
  'function f(a, b){',
  'function () {',
  'function(){',
  'function \t $f1 \t (a) \t {',
  '(function(){',
  '!function(){',
  ';(function(){',
  ';( \t function(){',
  'async function f() {',
  'async \t function f() {',
  'eval(x)',
  'IEX $x',
  'iex (x)',
  'IEX "x"',
  "IEX 'x'",
  'IEX \t -x',
  'Invoke-Expression x',
  'Invoke-WebRequest -Uri x',
  'Invoke-RestMethod x',
  'Invoke-Command x',
  'New-Object x',
  'Start-Process calc',
  'Start-BitsTransfer x',
  'Set-ExecutionPolicy Bypass',
  'Add-Type x',
  '$a = New-Object x',
  '$a=IEX x',
  '$env:a_1 \t = \t IEX x',
  'powershell -enc AAAA',
  'PowerShell.exe -c x',
  'pwsh -c x',
  'cmd /c x',
  'cmd \t /c x',
  '@cmd /c x',
  'mshta http://x',
  'rundll32 a.dll,b',
  'rundll32.exe C:\\x.dll',
  'regsvr32 /s x',
  'wscript "x"',
  'wscript x.js',
  'cscript //nologo',
  'certutil -urlcache x',
  'bitsadmin /transfer x',
  'schtasks /create x',
  'msiexec /i x',
  'start calc',
  'START CALC',
  'start cmd',
  'start powershell -x',
  'start calc and more',
  '@start calc',
  'start \t calc',
  'start "" calc',
  'start "a title" \t calc',
  'start /min calc',
  'start /min /wait /b \t /i calc',
  'start "t" /min C:\\x\\y-z.exe a b',
  'start x.com',
  'start x.bat',
  'start x.cmd',
  'start x.vbs',
  'start x.js',
  'start %TEMP%/x.ps1',
  'start x.hta',
  'start x.msi',
  'start x.scr',
];

/** The same, but only at the very beginning of a line. */
const UNINDENTED = [
  'screen mode id:i:2',
  'full address:s:x',
  'FULL ADDRESS:i:x',
  'remoteapplicationprogram:s:x',
  'var a = 1;',
  'let $b=f();',
  'const \t c_1 \t = \t x;',
  'var a = 1; \t',
  'import os',
  'import \t sys',
  'import subprocess \t',
  'import socket',
  'import ctypes',
  'import base64',
  'import urllib',
  'import requests',
  'import shutil',
  'from a.b import c',
  'from \t a_1 \t import \t c, d \t',
  'from x import *',
  '[version]\nsignature="x"',
  '[VERSION] \t\r\n \tSignature \t = "x"',
  '[InternetShortcut]',
  '[internetshortcut] \t',
];

const script = (content: string): boolean => typeOf(content) === 'script';

describe('statements', () => {
  test.each([...STATEMENTS, ...UNINDENTED])('%j', (line) => {
    expect([line, script(line)]).toEqual([line, true]);
    expect([line, script(`Hello.\n${line}\nBye.`)]).toEqual([line, true]);
    expect([line, script(`Hello.\r\n${line}\r\nBye.`)]).toEqual([line, true]);
  });

  test.each(STATEMENTS)('%j, indented', (line) => {
    expect(script(`Hello.\n \t ${line}`)).toBe(true);
    // Forty blanks are looked past, not any number: a line is read once.
    expect(script(`Hello.\n${' '.repeat(40)}${line}`)).toBe(true);
    expect(script(`Hello.\n${' '.repeat(60)}${line}`)).toBe(false);
  });

  test.each([...STATEMENTS, ...UNINDENTED].filter((line) => !/ActiveX/.test(line)))(
    'benign twin: %j in a sentence',
    (line) => {
      expect(script(`Hello. Do not write ${line.replace('\n', ' ')} in a letter.`)).toBe(false);
      expect(script(`x${line}`)).toBe(false);
    },
  );

  test.each(UNINDENTED)('benign twin: %j within something', (line) => {
    expect(script(`Hello.\n ${line}`)).toBe(false);
  });

  test.each(['x = new ActiveXObject("a")', 'new ActiveXObject (x)', 'a(new \t ACTIVEXOBJECT(x))'])(
    '%j anywhere in a line',
    (line) => {
      expect(script(`Hello.\nA line ${line} more`)).toBe(true);
    },
  );

  test.each([
    'renew ActiveXObject("a")',
    'newActiveXObject("a")',
    'new ActiveXObjects are old',
    'CreateObject is a word',
    'Set = CreateObject("x")',
    'Set a CreateObject("x")',
    'SetaCreateObject("x")',
    'Seta = CreateObject("x")',
    'On Error Resume Next week',
    'Option Explicitly told',
    'WScript is old',
    'WScript.1',
    'WScriptxEcho',
    'Sub total: 100',
    'Sub a() is a sentence.',
    'Sub (x)',
    'Suba()',
    'Sub a(b',
    'Sub a(b(c))',
    'PrivateSub a()',
    'functions f() {',
    'function f()',
    'function f {',
    'function f(a',
    'function f(a(b)) {',
    'asyncfunction f() {',
    'var a = 1',
    'var a = 1; more',
    'var a 1;',
    'vara = 1;',
    'var a = ;'.replace(' ;', ';'),
    'variable a = 1;',
    'evaluate(x)',
    'IEX',
    'IEXplorer x',
    'IEX。',
    'IEX 、',
    '$ = IEX x',
    '$a IEX x',
    'cmd キー',
    'cmd is a key',
    'cmd/c',
    'cmdlet -x',
    'powershell.com -x',
    'start',
    'start of the day',
    'start calculating',
    'start x.txt',
    'start/min calc',
    'startcalc',
    'start "a calc',
    'start /min',
    `start calc ${'x'.repeat(250)}`,
    'import goods',
    'import os and more',
    'importos',
    'from import x',
    'from a import',
    'from a import b; c',
    'froma import b',
    'from aimport b',
    '[version] 3\nsignature',
    '[version]\n\nsignature=',
    '[version]\nsignatures=',
    '[InternetShortcut] is a word',
    'full address: s',
    'full address:x:y',
    'screen mode:i:2',
  ])('benign twin: %j', (line) => {
    expect(script(`Hello.\n${line}\nBye.`)).toBe(false);
  });

  test('a page may hold them: its script elements go anyway; a table may not', () => {
    expect(typeOf('<html><script>\nvar a = 1;\n</script></html>')).toBe('html');
    expect(typeOf('a,b\nvar a = 1;\n', 'a.csv', 'text/csv')).toBe('script');
  });
});
