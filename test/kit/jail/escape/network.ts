/** Attempts to speak with anybody. Listeners stand ready outside; what reaches them counts, whatever the attempt itself says. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { attempt, call, errnoName, tried } from './raw.ts';
import { type Attempt, could, refused, type Targets, type Tried } from './targets.ts';

const AF = { unix: 1, inet: 2, netlink: 16, packet: 17, alg: 38, vsock: 40 } as const;
const SOCK = { stream: 1, datagram: 2, raw: 3 } as const;

const inet = (port: number): Buffer => {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF.inet, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  return address;
};

const unix = (path: string): Buffer => {
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF.unix, 0);
  return Buffer.concat([family, Buffer.from(path, 'latin1')]);
};

function connected(targets: Targets, family: number, kind: number, address: Buffer): Tried {
  const socket = call(targets, 'socket', family, kind, 0);
  if (socket < 0) return refused(`socket ${errnoName(socket)}`);
  const result = call(targets, 'connect', socket, address, address.length);
  if (result < 0) return refused(`connect ${errnoName(result)}`);
  return tried(call(targets, 'write', socket, 'out', 3));
}

const net = (id: string, what: string, run: (targets: Targets) => Tried): Attempt => ({
  id,
  aim: 'network',
  what,
  by: 'native',
  run,
});

const WAIT_MS = 1000;

const settled = (begin: (done: (tried: Tried) => void) => void): Promise<Tried> =>
  new Promise((resolve) => {
    try {
      begin(resolve);
    } catch (error) {
      resolve(refused((error as NodeJS.ErrnoException).code ?? 'threw'));
    }
  });

export const NETWORK: readonly Attempt[] = [
  {
    id: 'tcp-script',
    aim: 'network',
    what: 'connect by TCP (node:net)',
    by: 'script',
    run: ({ tcpPort }) =>
      settled((done) => {
        const socket = connect({ host: '127.0.0.1', port: tcpPort });
        socket.setTimeout(WAIT_MS, () => done(refused('no answer')));
        socket.once('connect', () => done(could('connected')));
        socket.once('error', (error: NodeJS.ErrnoException) => done(refused(error.code ?? 'error')));
      }),
  },
  {
    id: 'udp-script',
    aim: 'network',
    what: 'send by UDP (node:dgram)',
    by: 'script',
    run: ({ udpPort }) =>
      settled((done) => {
        const socket = createSocket('udp4');
        socket.once('error', (error: NodeJS.ErrnoException) => done(refused(error.code ?? 'error')));
        socket.send('out', udpPort, '127.0.0.1', (error) =>
          done(error === null ? could('sent') : refused(error.message)),
        );
      }),
  },
  {
    id: 'dns-script',
    aim: 'network',
    what: 'ask a name server',
    by: 'script',
    async run({ udpPort, name }) {
      const resolver = new Resolver({ timeout: WAIT_MS, tries: 1 });
      resolver.setServers([`127.0.0.1:${udpPort}`]);
      try {
        await resolver.resolve4(`${name}.invalid`);
        return could('answered');
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        // The question left, whoever answers it.
        return ['ETIMEOUT', 'ENOTFOUND', 'ENODATA'].includes(code) ? could(code) : refused(code);
      }
    },
  },
  {
    id: 'unix-script',
    aim: 'network',
    what: 'connect to a unix socket (node:net)',
    by: 'script',
    run: ({ unixPath }) =>
      settled((done) => {
        const socket = connect({ path: unixPath });
        socket.once('connect', () => done(could('connected')));
        socket.once('error', (error: NodeJS.ErrnoException) => done(refused(error.code ?? 'error')));
      }),
  },
  net('tcp', 'connect by TCP', (targets) => connected(targets, AF.inet, SOCK.stream, inet(targets.tcpPort))),
  net('udp', 'send by UDP', (targets) => connected(targets, AF.inet, SOCK.datagram, inet(targets.udpPort))),
  net('unix', 'connect to a unix socket by its path', (targets) =>
    connected(targets, AF.unix, SOCK.stream, unix(`${targets.unixPath}\0`)),
  ),
  net('abstract', 'connect to an abstract unix socket', (targets) =>
    connected(targets, AF.unix, SOCK.stream, unix(`\0${targets.abstractName}`)),
  ),
  net('raw-socket', 'open a raw socket', (targets) => attempt(targets, 'socket', AF.inet, SOCK.raw, 255)),
  net('packet-socket', 'open a packet socket', (targets) => attempt(targets, 'socket', AF.packet, SOCK.raw, 0)),
  net('netlink', 'open a netlink socket', (targets) => attempt(targets, 'socket', AF.netlink, SOCK.raw, 0)),
  net('socketpair', 'make a pair of sockets', (targets) =>
    attempt(targets, 'socketpair', AF.unix, SOCK.stream, 0, Buffer.alloc(8)),
  ),
  net('send-descriptor', 'use stdout, a socket, to send with sendmsg', (targets) => {
    // struct msghdr without data: nothing reaches the parent, but the call is made.
    return attempt(targets, 'sendmsg', 1, Buffer.alloc(56), 0);
  }),
  net('io-uring', 'open an io_uring, which makes sockets without system calls', (targets) =>
    attempt(targets, 'io_uring_setup', 4, Buffer.alloc(120)),
  ),
];
