/**
 * The client of Redis, made of the URLs that the setting `redis` names: one
 * server, the nodes of a cluster, or the sentinels that know which server
 * leads. The package is loaded here, and only where there is such a setting.
 */
import type { Cluster, ClusterOptions, Command, Redis, RedisOptions } from 'ioredis';

/** The client, and how its commands are made. */
export type RedisClient = { readonly create: CreateCommand } & (
  | { readonly kind: 'server'; readonly client: Redis }
  | { readonly kind: 'cluster'; readonly client: Cluster }
);

export type CreateCommand = (name: string, args: (string | number | Buffer)[]) => Command;

export interface ClientOptions {
  /** As the setting names them; all of one kind. */
  readonly urls: readonly string[];
  /** The certificate of an authority to trust beside those that Node trusts, in PEM. */
  readonly ca?: string | undefined;
}

/** How long a connection may take to be made. */
export const CONNECT_MS = 1_000;
const MAX_RECONNECT_MS = 1_000;

/** Sooner at first, and at no moment all nodes of a fleet at once. */
function reconnectAfter(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS) * (0.5 + Math.random() / 2);
}

/** Not one of these is the client's default. */
const SETTINGS = {
  connectionName: 'refrain',
  clientInfoTag: 'refrain',
  /** A lookup that would wait for a connection is a miss at once. */
  enableOfflineQueue: false,
  /** A command whose connection is lost has failed: sent again it would come late, and perhaps twice. */
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: CONNECT_MS,
  retryStrategy: reconnectAfter,
  /** The client asks a server that loads its data again after a second. */
  maxLoadingRetryTime: 1_000,
  lazyConnect: true,
} as const satisfies RedisOptions;

const CLUSTER_SETTINGS = {
  enableOfflineQueue: false,
  lazyConnect: true,
  clusterRetryStrategy: reconnectAfter,
  /** A command that cannot be sent now is a miss: it is not asked again a moment later. */
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  retryDelayOnTryAgain: 0,
  maxRedirections: 3,
  slotsRefreshTimeout: CONNECT_MS,
  slotsRefreshInterval: 5_000,
} as const satisfies ClusterOptions;

export async function createClient({ urls, ca }: ClientOptions): Promise<RedisClient> {
  const { Cluster, Command, Redis } = await import('ioredis');
  const create: CreateCommand = (name, args) => new Command(name, args);
  const [first, ...others] = urls.map((url) => new URL(url)) as [URL, ...URL[]];
  const tls = /^rediss/.test(first.protocol) ? { servername: hostOf(first), ...(ca && { ca }) } : undefined;
  const common = { ...SETTINGS, ...credentialsOf(first), ...(tls && { tls }) };
  const path = decoded(first.pathname.slice(1));
  if (first.protocol.includes('sentinel')) {
    const sentinels = [first, ...others].map((url) => addressOf(url, 26_379));
    const overTls = tls && { enableTLSForSentinelMode: true, sentinelTLS: tls };
    // A master that was demoted says READONLY: the sentinels know the new one.
    const reconnectOnError = ({ message }: Error) => message.startsWith('READONLY');
    // One that does not answer is passed over for the next.
    const sentinelCommandTimeout = CONNECT_MS;
    const own = { sentinels, name: path, reconnectOnError, failoverDetector: true, sentinelCommandTimeout };
    return { kind: 'server', create, client: new Redis({ ...common, ...overTls, ...own }) };
  }
  if (others.length === 0) {
    return { kind: 'server', create, client: new Redis({ ...common, ...addressOf(first, 6_379), db: Number(path) }) };
  }
  const nodes = [first, ...others].map((url) => addressOf(url, 6_379));
  // The cluster decides when a node is connected to again.
  const { enableOfflineQueue: _, retryStrategy: __, ...redisOptions } = common;
  return { kind: 'cluster', create, client: new Cluster(nodes, { ...CLUSTER_SETTINGS, redisOptions }) };
}

function hostOf({ hostname }: URL): string {
  return hostname.replaceAll(/[[\]]/g, '');
}

function addressOf(url: URL, port: number): { host: string; port: number } {
  return { host: hostOf(url), port: Number(url.port || port) };
}

/** They are those of the servers; sentinels are asked without. */
function credentialsOf({ username, password }: URL): Pick<RedisOptions, 'username' | 'password'> {
  return {
    ...(username && { username: decoded(username) }),
    ...(password && { password: decoded(password) }),
  };
}

/** A per cent sign that escapes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
