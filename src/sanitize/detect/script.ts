/**
 * Whether a text is a program: by its name, by how it begins, by statements that only programs have.
 *
 * Danger: a script called memo.txt, which a letter asks the reader to rename (threats.tsv A06, A07, A11). Method: names are
 * believed when they say «script»; beginnings and statements count under any name. A text about commands keeps them in
 * its sentences; here a whole line must be one. The body of a mail is not asked: nobody runs a body.
 */

const NAMES = new Set(
  (
    'bat cmd com ps1 ps1xml psm1 psd1 vbs vbe vb js jse mjs wsf wsc wsh ws sct hta py pyw pl rb sh bash zsh csh ksh php reg inf lnk url website scf ' +
    'desktop library-ms search-ms searchconnector-ms theme themepack settingcontent-ms appref-ms application pif iqy slk dqy odc oqy rqy dif prn ' +
    'jnlp msc xbap xaml appinstaller gadget mof diagcab rdp vcs cpl scr exe dll sys drv chm hlp jar msi svgz command workflow action tcl lua ahk au3 csproj vbproj proj targets'
  ).split(' '),
);

/** Beginnings that mean a program whatever the file is called. */
const BEGINNINGS = [
  /^#!/,
  /^@echo\b/i,
  /^@?(?:setlocal|rem )[^\n]*\n/i,
  /^<\?php/i,
  /^<%@?/,
  /^<(?:job|package|component|scriptlet)\b/i,
  /^<\?xml[^>]*>\s*<(?:\?[^>]*>\s*<)?(?:job|package|component|scriptlet|libraryDescription|searchConnectorDescription|persistedQuery|PCSettings|jnlp|MMC_ConsoleFile|Project|(?:[\w-]{1,20}:)?assembly)\b/i,
  /^\[(?:InternetShortcut|Shell|\.ShellClassInfo|Desktop Entry|version|autorun|Theme)\]/i,
  /^(?:REGEDIT4|Windows Registry Editor)/i,
  /^ID;P/,
  /^WEB\r?\n\d/i,
  /^XLODBC\r?\n/i,
  /^push graphic-context/i,
  /^#@~\^/,
  /^%!/,
  // Languages of printers: PCL, PJL.
  /^\x1b(?:E\x1b|%-12345X)/,
  // Data for a form: a reader loads it into whatever PDF it names, and runs its scripts (threats.tsv P07).
  /^%FDF-/,
  /^(?:<\?xml[^>]*>\s*)?<(?:xfdf|xdp:xdp)[\s>]/i,
  // The test file of antivirus makers is a program that consists of letters (threats.tsv A12).
  /^X5O!P%@AP\[4\\PZX54/,
];

/** Statements that fill a line of their own, each bounded so that no line is read twice. */
const STATEMENTS = [
  // VBScript, Visual Basic, JScript (Windows Script Host).
  /^[ \t]{0,40}(?:Set[ \t]+\w{1,60}[ \t]*=[ \t]*)?(?:WScript\.)?CreateObject[ \t]*\(/im,
  /^[ \t]{0,40}(?:On Error Resume Next|Option Explicit)[ \t]*\r?$/im,
  /^[ \t]{0,40}WScript\.[a-z]/im,
  /\bnew[ \t]{1,9}ActiveXObject[ \t]*\(/i,
  /^[ \t]{0,40}(?:(?:Private|Public)[ \t]+)?Sub[ \t]+\w{1,60}[ \t]*\([^()\n]{0,200}\)[ \t]*\r?$/im,
  // JavaScript.
  /^[ \t]{0,40}[;!(]{0,2}[ \t]{0,9}(?:async[ \t]+)?function[ \t]*[\w$]{0,60}[ \t]*\([^()\n]{0,200}\)[ \t]*\{/m,
  /^(?:var|let|const)[ \t]+[\w$]{1,60}[ \t]*=[^\n]{1,400};[ \t]*\r?$/m,
  /^[ \t]{0,40}eval\(/m,
  // PowerShell.
  /^[ \t]{0,40}(?:\$[\w:]{1,60}[ \t]*=[ \t]*)?(?:IEX|Invoke-(?:Expression|WebRequest|RestMethod|Command)|New-Object|Start-Process|Start-BitsTransfer|Set-ExecutionPolicy|Add-Type)[ \t]+[-("'$\w]/im,
  // Commands of Windows with their options.
  /^[ \t]{0,40}@?(?:powershell|pwsh|cmd|mshta|rundll32|regsvr32|wscript|cscript|certutil|bitsadmin|schtasks|msiexec)(?:\.exe)?[ \t]+[-/"'\w]*[-/".:\\]/im,
  /^[ \t]{0,40}@?start[ \t]+(?:"[^"\n]{0,100}"[ \t]+)?(?:\/\w+[ \t]+){0,4}(?:[\w.\\/:%-]{1,200}\.(?:exe|com|bat|cmd|vbs|js|ps1|hta|msi|scr)|calc|cmd|powershell)\b[^\n]{0,200}$/im,
  // Python.
  /^(?:import[ \t]+(?:os|sys|subprocess|socket|ctypes|base64|urllib|requests|shutil)\b|from[ \t]+[\w.]{1,60}[ \t]+import[ \t]+[\w*, ]{1,200})[ \t]*\r?$/m,
  // Setup information, remote desktop, shortcuts behind a comment.
  /^\[version\][ \t]*\r?\n[ \t]*signature[ \t]*=/im,
  /^\[InternetShortcut\][ \t]*\r?$/im,
  /^(?:screen mode id|full address|remoteapplicationprogram):[is]:/im,
];

const HTA = /<hta:application/i;

/**
 * @param head start of the text, ASCII readable, without byte order mark and leading white space
 * @param extensions of all its names, lower case
 */
export const isScript = (head: string, extensions: readonly string[]): boolean =>
  extensions.some((extension) => NAMES.has(extension)) ||
  HTA.test(head) ||
  BEGINNINGS.some((pattern) => pattern.test(head));

/** For what is neither a page nor a mail: whether some line is a statement. @param head as above */
export const hasStatements = (head: string): boolean => STATEMENTS.some((pattern) => pattern.test(head));
