/** Reads a mailbox over IMAP (RFC 3501): LOGIN, SELECT, FETCH; octets as the server gives them. */
import { connect } from 'node:net';

export interface ImapMail {
  /** With CRLF line ends. */
  readonly bytes: Buffer;
}

const PATIENCE_MS = 20_000;

/** Every mail of INBOX. @throws Error when the server says no. */
export async function readInbox(port: number, user: string, password: string): Promise<readonly ImapMail[]> {
  const octets = await conversation(port, [
    `LOGIN "${user}" "${password}"`,
    'EXAMINE INBOX',
    'UID FETCH 1:* (BODY.PEEK[])',
    'LOGOUT',
  ]);
  return literals(octets).map((bytes) => ({ bytes }));
}

/** One command after the other; all that the server said. */
function conversation(port: number, commands: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    let next = 0;
    let tail = '';
    const send = (): void => {
      const command = commands[next++];
      tail = '';
      if (command !== undefined) socket.write(`a${next} ${command}\r\n`);
    };
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('IMAP: no answer')));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      tail = (tail + chunk.toString('latin1')).slice(-2000);
      if (next === 0 && tail.includes('\r\n')) return send();
      const answer = new RegExp(`(?:^|\\r\\n)a${next} (\\w+)[^\\r\\n]*\\r\\n$`).exec(tail);
      if (answer === null) return;
      if (answer[1] === 'OK') send();
      else socket.destroy(new Error(`IMAP: ${answer[0].trim()}`));
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(chunks)));
  });
}

/** The `{n}` literals of FETCH answers. */
function literals(octets: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  const text = octets.toString('latin1');
  const head = /\* \d+ FETCH \([^\r\n]*BODY\[\] \{(\d+)\}\r\n/g;
  for (let match = head.exec(text); match !== null; match = head.exec(text)) {
    const end = head.lastIndex + Number(match[1]);
    found.push(octets.subarray(head.lastIndex, end));
    head.lastIndex = end;
  }
  return found;
}
