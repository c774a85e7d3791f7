/**
 * The admin API of a running proxy, asked over HTTP.
 */
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import type { ProxyTarget } from '../config/command.ts';
import type { Config } from '../config/config.ts';
import { listenerUrl } from '../config/listener-url.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { CommandError, refusal } from './failure.ts';
import { trustIn } from './own-tls.ts';
import { inertLine } from '../console/escape.ts';

/** The time that the proxy may take to answer, in milliseconds. */
const ANSWER_MS = 60_000;
const CONNECT_MS = 5_000;

/** No proxy could be spoken to, so that its files are free to be read. */
export class NobodyListens extends Error {}

/** Nobody listens at all. */
export const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/;

/** Before each event of a stream. */
const DATA = 'data: ';

type Method = 'GET' | 'POST' | 'DELETE';

export interface AdminClient {
  readonly url: string;
  /**
   * The answer of the proxy to one request.
   *
   * @param path with its query
   * @param member of its answer, which that of a stranger has not
   * @param body as JSON, or what is to become JSON
   * @param ended ends the wait for it
   * @throws NobodyListens, or CommandError or ConfigError with what the proxy says is wrong
   */
  ask<T extends object>(
    method: Method,
    path: string,
    member: keyof T & string,
    body?: object | string,
    ended?: AbortSignal,
  ): Promise<T>;
  /** The events of a stream, until it ends or is ended, from a proxy that was asked before. @throws as `ask` does */
  events(path: string, ended: AbortSignal): AsyncIterable<string>;
}

export function createAdminClient({ config, url }: ProxyTarget): AdminClient {
  const { admin } = config;
  const base = url ?? addressOf(config, admin);
  const trust = url === null ? trustIn(config) : {};
  // A stranger gets no token: the API's own listener would even send it on.
  let isKnown = admin.token === null;
  return {
    url: base,
    ask: async <T extends object>(
      method: Method,
      path: string,
      member: keyof T & string,
      body?: object | string,
      ended?: AbortSignal,
    ) => {
      if (url === null && admin.port === 0) throw new NobodyListens();
      if (!isKnown) await greet(new URL(base).origin, trust);
      isKnown = true;
      return (await ask({ url: base + path, method, token: admin.token, trust, member, body, ended })) as T;
    },
    events: (path, ended) => events({ url: base + path, token: isKnown ? admin.token : null, trust }, ended),
  };
}

/** The address of a listener as this machine finds it. */
export function addressOf(config: Pick<Config, 'tls'>, { host, port }: Pick<Config, 'host' | 'port'>): string {
  return listenerUrl(config, host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port);
}

/** Makes sure that it is an admin API which is spoken to. */
async function greet(origin: string, trust: object): Promise<void> {
  const said = await ask({ url: `${origin}/healthz`, method: 'GET', token: null, trust, member: 'status' });
  if ((said as { listener?: unknown }).listener === 'api')
    throw new CommandError(`what answers at ${origin} is the API of Refrain, and not its admin API`);
}

type EventsQuestion = Pick<AdminQuestion, 'url' | 'token' | 'trust'>;

interface AdminQuestion {
  readonly url: string;
  readonly method: Method;
  readonly token: string | null;
  /** Options of a TLS connection. */
  readonly trust: object;
  /** A member of the answer, which that of a stranger has not. */
  readonly member: string;
  readonly body?: object | string | undefined;
  readonly ended?: AbortSignal | undefined;
}

function createAgent(trust: object): Agent {
  return new Agent({
    connect: { timeout: CONNECT_MS, ...trust },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
}

function authorizationOf(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** An event is one line of data; comments between them keep the connection. */
async function* events({ url, token, trust }: EventsQuestion, ended: AbortSignal): AsyncIterable<string> {
  const agent = createAgent(trust);
  try {
    const options = { dispatcher: agent, headers: authorizationOf(token), signal: ended };
    const { statusCode, body } = await request(url, options);
    if (statusCode !== 200) readAnswer(new URL(url).origin, statusCode, await body.text(), '');
    for await (const line of createInterface({ input: body, crlfDelay: Infinity }))
      if (line.startsWith(DATA)) yield line.slice(DATA.length);
  } finally {
    await agent.destroy();
  }
}

async function ask({ url, method, token, trust, member, body, ended }: AdminQuestion): Promise<unknown> {
  const agent = createAgent(trust);
  const { origin } = new URL(url);
  try {
    const answer = await request(url, {
      method,
      dispatcher: agent,
      headers: { 'content-type': 'application/json', ...authorizationOf(token) },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: ended ?? null,
    });
    return readAnswer(origin, answer.statusCode, await answer.body.text(), member);
  } catch (error) {
    if (error instanceof CommandError || error instanceof ConfigError) throw error;
    if (UNREACHABLE.test(reasonOf(error))) throw new NobodyListens();
    throw new CommandError(`${origin} broke off (${reasonOf(error)})`);
  } finally {
    await agent.destroy();
  }
}

function readAnswer(origin: string, status: number, text: string, member: string): unknown {
  const answer = parse(text);
  if (status === 200 && Object.hasOwn(Object(answer), member)) return answer;
  const { error } = (answer ?? {}) as { error?: { message?: unknown; type?: unknown; code?: unknown } };
  if (error?.type !== 'refrain_error')
    throw new CommandError(`what answers at ${origin} is no admin API of Refrain (status ${status})`);
  throw refusal(error.code, inertLine(String(error.message)));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
