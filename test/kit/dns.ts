/** A name server of our own on loopback, UDP, for one name: it answers as a test says (RFC 1035 §4). */
import { createSocket } from 'node:dgram';

export type NameAnswer = 'SERVFAIL' | 'NXDOMAIN' | 'silence' | '127.0.0.1';

export interface FakeDns {
  answer: NameAnswer;
  /** Questions so far. */
  asked: number;
  close(): void;
}

const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, '127.0.0.1': 0 } as const;
const TYPE_A = 1;
const HEADER_BYTES = 12;

export function openFakeDns(address: string, port: number, first: NameAnswer): Promise<FakeDns> {
  const socket = createSocket('udp4');
  const server: FakeDns = { answer: first, asked: 0, close: () => void socket.close() };
  socket.on('message', (question, from) => {
    server.asked++;
    if (server.answer !== 'silence') socket.send(reply(question, RCODES[server.answer]), from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => resolve(server));
  });
}

function reply(question: Buffer, rcode: number): Buffer {
  // The name ends with a zero octet; type and class follow. What comes behind (EDNS) is not repeated.
  const end = question.indexOf(0, HEADER_BYTES) + 5;
  const asked = question.subarray(HEADER_BYTES, end);
  const isAnswer = rcode === 0 && asked.readUInt16BE(asked.length - 4) === TYPE_A;
  const header = Buffer.alloc(HEADER_BYTES);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isAnswer ? 1 : 0, 6);
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat(isAnswer ? [header, asked, record] : [header, asked]);
}
