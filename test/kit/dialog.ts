/** A conversation over raw SMTP: one line, one reply, nothing that a library would add or refuse. */
import { connect } from 'node:net';

/** Longer than any reply takes; then the conversation is over. */
const PATIENCE_MS = 20_000;

/** @param lines sent one by one, each after the last reply; CRLF is added. @returns the last line of each reply. */
export function dialog(port: number, lines: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const replies: string[] = [];
    let text = '';
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no reply to ${lines[replies.length - 1]}`)));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const last = /(?:^|\n)(\d{3} [^\n]*)\r\n$/.exec(text)?.[1];
      if (last === undefined) return;
      text = '';
      replies.push(last);
      const line = lines[replies.length - 1];
      if (line === undefined) socket.end();
      else socket.write(`${line}\r\n`, 'latin1');
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(replies));
  });
}
