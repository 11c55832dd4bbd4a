/** A next hop with a script: answers as told for each command, records every octet it is sent. */
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import { keepArrived } from '../../kit/collect/collector.ts';

export interface Script {
  /** Answer to a command line; 'silence' says nothing, 'hang up' closes the connection, undefined says the usual. */
  answer?(line: string, connection: number): string | undefined;
  /** Answer after the final dot; a function is asked with the message. */
  afterData?: string | 'hang up' | ((message: Buffer) => string);
  /** Whether the connection ends in the middle of this message. */
  cutsData?(soFar: Buffer): boolean;
  greeting?: string | (() => string);
  /** Lines of the EHLO answer besides the name. */
  readonly extensions?: readonly string[];
  readonly tls?: SecureContextOptions;
}

export interface Sink {
  readonly port: number;
  readonly commands: string[];
  /** Messages as received, dots removed, without the end of data. */
  readonly messages: Buffer[];
  connections: number;
  close(): Promise<void>;
}

export async function openSink(script: Script = {}, port = 0): Promise<Sink> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    sink.connections++;
    socket.on('error', () => undefined);
    serve(socket, script, sink, sink.connections);
    const greeting = typeof script.greeting === 'function' ? script.greeting() : (script.greeting ?? '220 sink');
    if (greeting === 'hang up') socket.destroy();
    else if (greeting !== 'silence') socket.write(`${greeting}\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const sink: Sink = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    commands: [],
    messages: [],
    connections: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return sink;
}

function serve(socket: Socket, script: Script, sink: Sink, connection: number): void {
  let buffer = Buffer.alloc(0);
  let inData = false;
  const say = (line: string): void => {
    if (line === 'hang up') socket.destroy();
    else if (line !== 'silence') socket.write(`${line}\r\n`);
  };
  const onData = (chunk: Buffer): void => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const mark = inData ? '\r\n.\r\n' : '\r\n';
      const end = buffer.indexOf(mark);
      if (end < 0) {
        if (inData && script.cutsData?.(buffer) === true) socket.destroy();
        return;
      }
      const piece = buffer.subarray(0, inData ? end + 2 : end);
      buffer = buffer.subarray(end + mark.length);
      if (inData) {
        inData = false;
        sink.messages.push(Buffer.from(piece.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1'));
        keepArrived(sink.messages.at(-1) ?? piece);
        const { afterData = '250 2.0.0 taken' } = script;
        say(typeof afterData === 'function' ? afterData(sink.messages.at(-1) ?? piece) : afterData);
        continue;
      }
      const line = piece.toString('latin1');
      sink.commands.push(line);
      const answer = script.answer?.(line, connection) ?? usual(line, script);
      say(answer);
      inData = answer.startsWith('354');
      if (line === 'STARTTLS' && answer.startsWith('220')) {
        socket.removeListener('data', onData);
        serve(
          new TLSSocket(socket, { isServer: true, ...script.tls }),
          { ...script, extensions: [] },
          sink,
          connection,
        );
        return;
      }
    }
  };
  socket.on('data', onData);
  socket.on('error', () => undefined);
}

function usual(line: string, { extensions = ['PIPELINING'] }: Script): string {
  if (line.startsWith('EHLO')) return ['250-sink', ...extensions.map((each) => `250-${each}`), '250 HELP'].join('\r\n');
  if (line.startsWith('DATA')) return '354 go';
  if (line.startsWith('QUIT')) return '221 bye';
  return line === 'STARTTLS' ? '220 go' : '250 2.1.0 ok';
}
