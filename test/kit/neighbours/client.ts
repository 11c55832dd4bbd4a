/** A person's mail client on a screen of its own: Sylpheed over IMAP under Xvfb, and a picture of what it shows. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './until.ts';

export const CLIENT_NEEDS = ['/usr/bin/sylpheed', '/usr/bin/Xvfb', '/usr/bin/xdotool', '/usr/bin/import'];

export interface Account {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const SCREEN = ':77';
const SIZE = '1000x880';
/** IMAP, fonts and pictures are there long before. */
const DRAWN_MS = 5000;

/** The first mail of INBOX, opened, as PNG. @throws Error when its window does not come up. */
export async function photograph({ port, user, password }: Account, png: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'sekisho-client-'));
  const folder = join(home, '.sylpheed-2.0');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'accountrc'),
    `[Account: 1]\naccount_name=mail\nis_default=1\nname=soumu\naddress=${user}\nprotocol=3\nreceive_server=127.0.0.1\nsmtp_server=127.0.0.1\nuser_id=${user}\npassword=${password}\nset_imapport=1\nimap_port=${port}\n`,
  );
  writeFileSync(
    join(folder, 'folderlist.xml'),
    `<?xml version="1.0" encoding="UTF-8"?>\n<folderlist><folder type="imap" name="mail" account_id="1"><folderitem type="inbox" name="INBOX" path="INBOX" mtime="0" new="0" unread="0" total="0"/></folder></folderlist>\n`,
  );
  const font = 'Noto Sans Mono CJK JP 11';
  writeFileSync(
    join(folder, 'sylpheedrc'),
    `[Common]\ntextview_font_name=${font}\nmessage_font_name=${font}\ncheck_on_startup=0\nauto_update_check=0\n`,
  );
  const env = { ...process.env, HOME: home, DISPLAY: SCREEN, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
  const started: ChildProcess[] = [];
  const start = (file: string, ...args: readonly string[]): void => {
    started.push(spawn(file, args, { env, stdio: 'ignore' }));
  };
  const windows = (): readonly string[] => {
    try {
      const found = execFileSync('/usr/bin/xdotool', ['search', '--onlyvisible', '--name', ' - Sylpheed$'], { env });
      return found.toString().trim().split('\n');
    } catch {
      return [];
    }
  };
  try {
    start('/usr/bin/Xvfb', SCREEN, '-screen', '0', `${SIZE}x24`);
    await until(() => existsSync(`/tmp/.X11-unix/X${SCREEN.slice(1)}`), 'Xvfb');
    start('/usr/bin/sylpheed', '--open', '#imap/mail/INBOX/1');
    await until(() => windows().length > 0, 'the window with the mail');
    const [window = ''] = windows();
    const [width = '', height = ''] = SIZE.split('x');
    execFileSync('/usr/bin/xdotool', ['windowmove', window, '0', '0', 'windowsize', window, width, height], { env });
    await sleep(DRAWN_MS);
    execFileSync('/usr/bin/import', ['-window', window, png], { env });
  } finally {
    for (const child of started.reverse()) child.kill();
    await sleep(500);
    rmSync(home, { recursive: true, force: true });
  }
}
