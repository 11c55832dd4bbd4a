/** Who may connect: addresses and CIDR blocks (RFC 4632, RFC 4291), and how many connections at once. */
import { BlockList, isIP } from 'node:net';
import { GatewayError } from '../message/errors.ts';
import type { Reply } from './reply.ts';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Plain form of a socket's address: IPv4-mapped IPv6 becomes IPv4, a zone index is dropped. */
export function plainAddress(address: string): string {
  const bare = address.split('%')[0] ?? '';
  return MAPPED.exec(bare)?.[1] ?? bare;
}

/**
 * @param peers addresses or CIDR blocks, IPv4 or IPv6.
 * @param setting where they stand in the configuration.
 * @throws GatewayError E_CONFIG_INVALID naming the entry.
 */
export function peerList(peers: readonly string[], setting = 'intake.peers'): (address: string) => boolean {
  const list = new BlockList();
  peers.forEach((peer, index) => {
    addPeer(list, peer, `${setting}[${index}]`);
  });
  return (address) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function addPeer(list: BlockList, peer: string, key: string): void {
  const [address = '', prefixText, ...rest] = peer.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  const isPrefix = prefixText === undefined || /^\d{1,3}$/.test(prefixText);
  if (family === 0 || rest.length > 0 || !isPrefix || prefix > bits) {
    throw new GatewayError('E_CONFIG_INVALID', `${key} is not an address or CIDR block: write 192.0.2.0/24`, { key });
  }
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined && prefix >= 96) list.addSubnet(mapped, prefix - 96, 'ipv4');
  else list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

const NOT_LISTED: Reply = [554, '5.7.1', 'Connection refused'];
const TOO_MANY: Reply = [421, '4.7.0', 'Too many connections, try again later'];

export interface DoorSettings {
  readonly peers: readonly string[];
  readonly maxConnections: number;
  readonly maxConnectionsPerPeer: number;
}

/** Counts connections; `enter` answers with the refusal or lets in, then `leave` must follow. */
export class Door {
  readonly #settings: DoorSettings;
  readonly #isListed: (address: string) => boolean;
  readonly #perPeer = new Map<string, number>();
  #total = 0;

  constructor(settings: DoorSettings) {
    this.#settings = settings;
    this.#isListed = peerList(settings.peers);
  }

  enter(peer: string): Reply | undefined {
    if (!this.#isListed(peer)) return NOT_LISTED;
    const ofPeer = this.#perPeer.get(peer) ?? 0;
    if (this.#total >= this.#settings.maxConnections || ofPeer >= this.#settings.maxConnectionsPerPeer) return TOO_MANY;
    this.#total++;
    this.#perPeer.set(peer, ofPeer + 1);
    return undefined;
  }

  leave(peer: string): void {
    const ofPeer = this.#perPeer.get(peer) ?? 0;
    this.#total--;
    if (ofPeer <= 1) this.#perPeer.delete(peer);
    else this.#perPeer.set(peer, ofPeer - 1);
  }
}
