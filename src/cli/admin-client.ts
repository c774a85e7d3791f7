/**
 * The admin API of a running proxy, asked over HTTP.
 */
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import type { ProxyTarget } from '../config/command.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { CommandError, refusal } from './failure.ts';
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
   * @throws NobodyListens, or CommandError or ConfigError with what the proxy says is wrong
   */
  ask<T extends object>(method: Method, path: string, member: keyof T & string, body?: object): Promise<T>;
  /** The events of a stream, until it ends or is ended, from a proxy that was asked before. @throws as `ask` does */
  events(path: string, ended: AbortSignal): AsyncIterable<string>;
}

export function createAdminClient({ config: { admin }, url }: ProxyTarget): AdminClient {
  const base = url ?? addressOf(admin);
  // A stranger gets no token: the API's own listener would even send it on.
  let isKnown = admin.token === null;
  return {
    url: base,
    ask: async <T extends object>(method: Method, path: string, member: keyof T & string, body?: object) => {
      if (url === null && admin.port === 0) throw new NobodyListens();
      if (!isKnown) await ask(`${new URL(base).origin}/healthz`, 'GET', null, 'status', undefined);
      isKnown = true;
      return (await ask(base + path, method, admin.token, member, body)) as T;
    },
    events: (path, ended) => events(base + path, isKnown ? admin.token : null, ended),
  };
}

/** The address of a listener as this machine finds it. */
export function addressOf(
  { host, port }: { readonly host: string; readonly port: number },
  scheme: 'http' | 'https' = 'http',
): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

function createAgent(): Agent {
  return new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
}

function authorizationOf(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** An event is one line of data; comments between them keep the connection. */
async function* events(url: string, token: string | null, ended: AbortSignal): AsyncIterable<string> {
  const agent = createAgent();
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

async function ask(
  url: string,
  method: Method,
  token: string | null,
  member: string,
  body: object | undefined,
): Promise<unknown> {
  const agent = createAgent();
  const { origin } = new URL(url);
  try {
    const answer = await request(url, {
      method,
      dispatcher: agent,
      headers: { 'content-type': 'application/json', ...authorizationOf(token) },
      body: body === undefined ? null : JSON.stringify(body),
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
