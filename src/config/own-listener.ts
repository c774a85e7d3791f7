/**
 * Tests whether a URL leads to a listener of ours, as far as that can be seen
 * without asking the network.
 */
import { BlockList, isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

export interface Listening {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** The hosts by which a listener listens on all addresses. */
const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Tests whether a name or an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Port 0 is whichever is free, and nobody can know it before. */
export function leadsTo(url: string, { host, port }: Listening): boolean {
  const target = new URL(url);
  const standard = target.protocol === 'https:' ? 443 : 80;
  if (port === 0 || (target.port === '' ? standard : Number(target.port)) !== port) return false;
  const own = normalise(host);
  const asked = addressesOf(normalise(target.hostname));
  return ANY.has(own) ? asked.some(isOfThisMachine) : addressesOf(own).some((address) => asked.includes(address));
}

/** The addresses that a host stands for without a resolver: itself, or what every machine takes the name for. */
function addressesOf(host: string): readonly string[] {
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1'];
  // A client that connects to no address in particular reaches this machine.
  if (host === '0.0.0.0') return [host, '127.0.0.1'];
  if (host === '::') return [host, '::1', '127.0.0.1'];
  return host === hostname().toLowerCase() ? [host, ...interfaceAddresses()] : [host];
}

function isOfThisMachine(address: string): boolean {
  return ANY.has(address) || isLoopback(address) || interfaceAddresses().includes(address);
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((some = []) => some.map(({ address }) => address));
}

/** One spelling of each: lower case, without brackets or a dot at the end, and IPv4 as such. */
function normalise(host: string): string {
  const written = isIP(host) === 6 ? `[${host}]` : host;
  const plain = new URL(`http://${written}`).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high === undefined || low === undefined) return plain;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(Number.parseInt(high, 16), 0);
  bytes.writeUInt16BE(Number.parseInt(low, 16), 2);
  return [...bytes].join('.');
}
