/**
 * An exchange that another tool recorded, as a cassette has it: relative to its upstream, with the headers by which
 * answers differ, and nothing of who asked.
 */
import { headerName } from '../cassette/cassette-header.ts';
import { decodedBody } from '../cassette/decoded-body.ts';
import { exchangeHead, type ExchangeKeyer } from '../cassette/exchange-key.ts';
import type { ForeignExchange } from '../cassette/formats/foreign-exchange.ts';
import { withFixedBoundary } from '../cassette/multipart.ts';
import type { RecordedExchange } from '../cassette/recorded-exchange.ts';
import type { Config } from '../config/config.ts';
import { type Dialect, dialectOfHost } from '../dialect.ts';
import { meantHeaders } from '../headers/forwarded-headers.ts';
import { recordedHeaders } from '../headers/relayed-headers.ts';
import { readHeaderFields, valueOf } from '../request/header-fields.ts';
import type { Route, Target } from '../request/route.ts';
import { headerOf, type RawHeaders, selectHeaders } from '../response/entry.ts';
import { createTargets } from '../rules.ts';

export interface Importing {
  readonly config: Config;
  readonly keyer: ExchangeKeyer;
  /** By the names of a header; filled with those that are met. */
  readonly dialects: Map<string, Dialect>;
}

export function recordedOf(foreign: ForeignExchange, { config, keyer, dialects }: Importing): RecordedExchange {
  const route = routeOf(new URL(foreign.url), config, (upstream) => dialects.get(headerName(upstream)));
  const { name, dialect } = route.target;
  dialects.set(headerName(name), dialect);
  const fields = readHeaderFields(meantHeaders(foreign.requestHeaders));
  const head = exchangeHead(keyer, foreign.method.toUpperCase(), fields, route);
  const { headers, body } = plainAnswer(foreign);
  return {
    request: { ...head, body: withFixedBoundary(valueOf(fields, 'content-type') ?? '', foreign.requestBody) },
    answer: {
      head: { status: foreign.status, statusText: foreign.statusText, headers: recordedHeaders(headers, head.method) },
      body,
      ...(foreign.timing && { timing: foreign.timing }),
    },
    sample: foreign.sample ?? 1,
  };
}

/** One of those that are configured, by its base URL; the standard one for a host that none of them has. */
function routeOf(url: URL, config: Config, dialectOf: (upstream: string | null) => Dialect | undefined): Route {
  const { standard, named } = createTargets(config, [], dialectOf);
  const targets = [standard, ...named.values()].filter((target) => isBelow(url, target));
  const [known] = targets.toSorted((a, b) => b.basePath.length - a.basePath.length);
  return { target: known ?? unknownTarget(url, standard, dialectOf), path: url.pathname, query: url.search.slice(1) };
}

function isBelow({ origin, pathname }: URL, target: Target): boolean {
  return origin === target.origin && (pathname === target.basePath || pathname.startsWith(`${target.basePath}/`));
}

const ANTHROPIC = 'anthropic';

/** All up to `/v1` is its base. Anthropic has the name that `refrain run` gives it. */
function unknownTarget(
  url: URL,
  standard: Target,
  dialectOf: (upstream: string | null) => Dialect | undefined,
): Target {
  const dialect = dialectOfHost(url.hostname);
  const name = dialect === ANTHROPIC ? ANTHROPIC : null;
  const basePath = /^.*?\/v1(?=\/)/.exec(url.pathname)?.[0] ?? '';
  return { ...standard, name, basePath, dialect: dialectOf(name) ?? (name === null ? standard.dialect : dialect) };
}

/** Without its content coding, which some tools take from a body and leave in its head. */
function plainAnswer({ headers, body }: ForeignExchange): { readonly headers: RawHeaders; readonly body: Buffer } {
  const plain = decodedBody(body, headerOf(headers, 'content-encoding')) ?? body;
  return { headers: selectHeaders(headers, (name) => name !== 'content-encoding'), body: plain };
}
