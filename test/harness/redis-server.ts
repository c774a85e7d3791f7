/**
 * A Redis of its own: a server on a free port of loopback, in a folder of its
 * own, that keeps nothing on disk unless asked to. `REDIS_SERVER` names another
 * program, such as `valkey-server`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import { freePort } from './port.ts';

export interface RedisServerOptions {
  /** Lines of its configuration: `maxmemory`, or `user` for a user of its ACL. */
  readonly config?: Readonly<Record<string, string>>;
  /** True where it is to keep what it holds over a restart. */
  readonly isPersistent?: boolean;
  /** True where it takes connections over TLS alone, by a certificate that nobody knows. */
  readonly tls?: boolean;
  readonly isSentinel?: boolean;
}

/** Ends its program with this process, where the system can do that. */
const SETPRIV = '/usr/bin/setpriv';
const GUARD = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL'] : [];

export class RedisServer {
  readonly port: number;
  readonly directory: string;
  /** The certificate of a server over TLS, in PEM. */
  readonly certificate: string | undefined;
  #process: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #client: Redis | undefined;

  constructor(port: number, directory: string, certificate: string | undefined) {
    this.port = port;
    this.directory = directory;
    this.certificate = certificate;
  }

  get url(): string {
    return this.certificate === undefined ? `redis://127.0.0.1:${this.port}` : `rediss://localhost:${this.port}`;
  }

  /** Starts the program, and waits until it takes connections. */
  async start(): Promise<void> {
    const { REDIS_SERVER = 'redis-server', PATH = '' } = process.env;
    const isSentinel = existsSync(join(this.directory, 'sentinel'));
    const command = [...GUARD, REDIS_SERVER, join(this.directory, 'redis.conf'), ...(isSentinel ? ['--sentinel'] : [])];
    const child = spawn(command[0] as string, command.slice(1), {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH },
    });
    this.#process = child;
    this.#exited = once(child, 'close');
    const said: string[] = [];
    const lines = createInterface(child.stdout as NonNullable<typeof child.stdout>);
    const ready = Promise.withResolvers<void>();
    lines.on('line', (line) => {
      if (said.length < 100) said.push(line);
      if (/Ready to accept connections|Sentinel ID is/.test(line)) ready.resolve();
    });
    const failed = (reason: string) => ready.reject(new Error(`${REDIS_SERVER} ${reason}:\n${said.join('\n')}`));
    child.once('error', (error) => failed(`does not start (${error.message})`));
    child.once('close', (code) => failed(`exited with ${code}`));
    await ready.promise;
  }

  /** Asks it over a connection of the test's own; the reply as `redis-cli` would have it. */
  async ask(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    this.#client ??= this.connect();
    return this.#client.call(command, args);
  }

  /** A connection to it. */
  connect(): Redis {
    const tls = this.certificate === undefined ? {} : { tls: { ca: this.certificate } };
    const client = new Redis({
      host: this.certificate === undefined ? '127.0.0.1' : 'localhost',
      port: this.port,
      ...tls,
    });
    client.on('error', () => {});
    return client;
  }

  /** Sends it a signal: `SIGSTOP` pauses it, `SIGCONT` lets it go on, `SIGKILL` ends it. */
  async kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): Promise<void> {
    this.#process?.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.#exited;
  }

  /** Ends it, if it still runs, and starts it on the same port. */
  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    await this.start();
  }

  /** Another server that copies what this one holds. */
  async startReplica({ config = {}, ...options }: RedisServerOptions = {}): Promise<RedisServer> {
    const replica = await startRedisServer({ ...options, config: { ...config, replicaof: `127.0.0.1 ${this.port}` } });
    await eventually(async () => String(await replica.ask('INFO', 'replication')).includes('master_link_status:up'));
    return replica;
  }

  /** Ends it for good, and removes its folder. */
  async stop(): Promise<void> {
    this.#client?.disconnect();
    await this.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** @throws Error where the program is not there or does not start */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { config = {}, isPersistent = false, tls = false, isSentinel = false } = options;
  const directory = mkdtempSync(join(tmpdir(), 'refrain-redis-'));
  const port = await freePort();
  const certificate = tls ? await makeCertificate(directory) : undefined;
  const ports = tls ? { port: '0', 'tls-port': `${port}`, ...tlsConfig(directory) } : { port: `${port}` };
  const persistence = isPersistent ? { appendonly: 'yes' } : { save: '""' };
  const all = {
    bind: '127.0.0.1',
    dir: directory,
    'repl-diskless-sync-delay': '0',
    ...ports,
    ...(isSentinel ? {} : persistence),
    ...config,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(join(directory, 'redis.conf'), lines.join(''));
  if (isSentinel) writeFileSync(join(directory, 'sentinel'), '');
  const server = new RedisServer(port, directory, certificate);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Waits until something is so that only asking tells. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function makeCertificate(directory: string): Promise<string> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  writeFileSync(join(directory, 'key.pem'), key);
  writeFileSync(join(directory, 'certificate.pem'), cert);
  return cert;
}

function tlsConfig(directory: string): Record<string, string> {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
  const files = { 'tls-cert-file': certificate, 'tls-key-file': key, 'tls-ca-cert-file': certificate };
  return { ...files, 'tls-auth-clients': 'no' };
}
