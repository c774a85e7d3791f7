/**
 * The proxy that a file of requests is asked of: one that runs, or else one in this process, over the same store, for
 * as long as that takes. A stranger is asked nothing.
 */
import { request } from 'undici';
import { isLoopback } from '../config/own-listener.ts';
import type { WarmCommand } from '../config/warm-command.ts';
import { ConfigError, reasonOf } from '../errors.ts';
import { stop } from '../lifecycle.ts';
import { createLog } from '../log.ts';
import { addressOf, UNREACHABLE } from './admin-client.ts';
import { CommandError } from './failure.ts';
import { openProxy } from './opened-proxy.ts';

export interface WarmTarget {
  /** Without `/v1` at its end. */
  readonly base: string;
  /** As it is called in a sentence. */
  readonly words: string;
  /** True where the settings say in which scope it keeps answers. */
  readonly isOfSettings: boolean;
  close(): Promise<void>;
}

/** The time that a proxy may take to say that it is one. */
const GREETING_MS = 5_000;

/** @throws CommandError where there is none to ask */
export async function findTarget(command: WarmCommand): Promise<WarmTarget> {
  const { url, baseUrl, config } = command;
  if (url !== null) {
    const found = await lookAt(url);
    if (found === 'refrain') return running(url, false);
    throw new CommandError(found === 'nobody' ? `no proxy runs at ${url}` : found.why);
  }
  if (baseUrl !== null && isOfThisMachine(baseUrl) && (await lookAt(baseUrl)) === 'refrain')
    return running(baseUrl, false);
  const address = addressOf(config, config);
  const found = config.port === 0 ? 'nobody' : await lookAt(address);
  if (found === 'refrain') return running(address, true);
  if (found === 'nobody') return open(command, address);
  throw new CommandError(`${found.why}; say where the proxy is with --port or --url`);
}

function running(url: string, isOfSettings: boolean): WarmTarget {
  return { base: withoutVersion(url), words: `the proxy at ${url}`, isOfSettings, close: async () => {} };
}

/** @param address where none runs */
async function open({ config, origins }: WarmCommand, address: string): Promise<WarmTarget> {
  const own = { host: '127.0.0.1', port: 0 };
  const plain = { tls: { cert: null, key: null }, logLevel: 'error' as const };
  const quiet = { ...config, ...own, admin: { ...config.admin, ...own }, workers: 1, ...plain };
  const { store, cassette, redis } = config;
  const kept = cassette ?? store.path ?? (redis && 'Redis');
  if (kept === null) throw new ConfigError('no proxy runs, and store.path is off: answers would be kept nowhere');
  const { app, addresses } = await openProxy(
    { config: quiet, origins },
    { log: createLog(quiet.logLevel), access: null },
  );
  return {
    base: addresses.api,
    words: `a proxy of its own over ${kept}, since none runs at ${address}`,
    isOfSettings: true,
    close: () => stop(app, config.timeouts.drain),
  };
}

/** The first word of the page that the API of a proxy has at its root. */
const OWN_PAGE = /^Refrain /;

/** `why`: something else answers. */
async function lookAt(url: string): Promise<'refrain' | 'nobody' | { readonly why: string }> {
  try {
    const isRefrain = OWN_PAGE.test((await greet(`${new URL(url).origin}/`)).text) || (await isBehindPath(url));
    return isRefrain ? 'refrain' : { why: `what answers at ${url} is no proxy of Refrain` };
  } catch (error) {
    const reason = reasonOf(error);
    return UNREACHABLE.test(reason) ? 'nobody' : { why: `what answers at ${url} broke off (${reason})` };
  }
}

/** Sends a request that no proxy of ours sends on, and whose answer it marks: its root may be another server's. */
async function isBehindPath(url: string): Promise<boolean> {
  const { headers } = await greet(`${withoutVersion(url)}/v1/models`);
  return headers['x-refrain-request-id'] !== undefined;
}

/** The head of an answer, and how its body begins. */
async function greet(
  url: string,
): Promise<{ readonly headers: Readonly<Record<string, unknown>>; readonly text: string }> {
  const { headers, body } = await request(url, {
    headers: { 'cache-control': 'only-if-cached' },
    headersTimeout: GREETING_MS,
    bodyTimeout: GREETING_MS,
  });
  for await (const chunk of body) return { headers, text: String(chunk) };
  return { headers, text: '' };
}

function isOfThisMachine(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

/** The paths of the requests have it. */
function withoutVersion(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v1$/, '');
}
