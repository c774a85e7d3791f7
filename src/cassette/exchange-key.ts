/**
 * The names of recorded exchanges: a request gets the same one whether it is live or read from a cassette, on whichever
 * machine, with whichever credential and address of its upstream.
 *
 * Requests that the cache would keep have its keys, in the scope of the cassette. Others are named exactly: by method,
 * path, query, body, and the headers by which answers differ. Pure, and made from plain options, so that the thread
 * which loads a cassette names as the proxy does.
 */
import { hash } from 'node:crypto';
import type { Endpoint } from '../endpoint.ts';
import { type Bypasses, createBypasses } from '../request/bypasses.ts';
import { CASSETTE_SCOPE, createScopeHeaders, createUserHeaders } from '../request/caller.ts';
import { isConfidential } from '../request/confidential.ts';
import { endpointOf, REQUEST_ENDPOINTS } from '../request/endpoints/table.ts';
import { fingerprint, partsOf } from '../request/fingerprint.ts';
import type { HeaderFields } from '../request/header-fields.ts';
import { computeKey, createKeyContext, type KeyContext, type KeyedRequest } from '../request/key.ts';
import { createOmissions, type OmissionsByDialect } from '../request/omissions.ts';
import { relativePath, type Route } from '../request/route.ts';
import type { StoredRequest } from '../response/entry.ts';
import type { RecordedRequest } from './recorded-exchange.ts';
import { withoutBoundary } from './multipart.ts';

/** As the settings of these names have them. */
export interface ExchangeKeyOptions {
  /** `key.ignore` and `key.include`. */
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  readonly bypass: readonly string[];
  /** `scope.headers`. */
  readonly scopeHeaders: readonly string[];
}

/** A recorded request, named. */
export interface KeyedExchange {
  /** Of the first answer to it; see `sample-key`. */
  readonly key: string;
  /** By which it is listed and found; null where it is named exactly. */
  readonly request: StoredRequest | null;
}

/** A request but for its body. */
export type ExchangeHead = Omit<RecordedRequest, 'body'>;

/** Says which of several answers to one request is meant. */
const VARIANT = 'x-refrain-variant';

/** The one parameter by which each API takes a credential in the query. */
const CREDENTIAL_PARAMETER = /^(?:key|api[-_]?key|access_token|subscription-key|sig|signature)$/i;

export class ExchangeKeyer {
  readonly #omissions: OmissionsByDialect;
  readonly #bypasses: Bypasses;

  constructor({ ignore, include, bypass, scopeHeaders }: ExchangeKeyOptions) {
    this.#omissions = createOmissions({ ignore, include }, createScopeHeaders(createUserHeaders(scopeHeaders)));
    this.#bypasses = createBypasses(bypass);
  }

  key(request: RecordedRequest): KeyedExchange {
    const context = this.context(request);
    const keyed = context && computeKey(context, request.body);
    if (keyed === null || typeof keyed === 'string') return { key: this.exactKey(request), request: null };
    return { key: keyed.key, request: storedRequestOf(context as KeyContext, keyed) };
  }

  /** All that names it but its body; null where it is named exactly in any case. */
  context({ upstream, dialect, method, path, query, headers }: ExchangeHead): KeyContext | null {
    const endpoint = recordedEndpoint({ method, path });
    if (endpoint === null) return null;
    const { body, bodyWithIds, isIgnoredHeader, ignoresRouting } = this.#omissions[dialect];
    const ignored = REQUEST_ENDPOINTS[endpoint].authoredIds === null ? body : bodyWithIds;
    const parts = partsOf({
      scope: CASSETTE_SCOPE,
      upstream: upstream ?? '',
      dialect,
      method,
      path,
      query,
      fields: new Map(Object.entries(headers).map(([name, lines]) => [name, lines.split('\n')])),
      isIgnoredHeader,
      ignoresRouting,
      digestOf: noDigest,
      variant: headers[VARIANT] ?? '',
    });
    return createKeyContext({ endpoint, mode: 'all', dialect, ignored, bypasses: this.#bypasses, parts });
  }

  exactKey({ upstream, method, path, query, headers, body }: RecordedRequest): string {
    const named = Object.entries(headers).map(([name, value]) => [`header:${name}`, value] as const);
    const parts = {
      exact: '1',
      scope: CASSETTE_SCOPE,
      upstream: upstream ?? '',
      method,
      path,
      query,
      ...Object.fromEntries(named),
      body: hash('sha256', body, 'hex'),
    };
    return `${fingerprint(parts)}.exact`;
  }

  /** The headers of a request that are recorded: those by which answers differ, and none that says who asks. */
  headers(fields: HeaderFields, dialect: RecordedRequest['dialect']): Record<string, string> {
    const { isIgnoredHeader } = this.#omissions[dialect];
    const isLeftOut = (name: string) => isIgnoredHeader(name) || isConfidential(name);
    const kept = [...fields]
      .filter(([name]) => name === VARIANT || !isLeftOut(name))
      .map(([name, values]) => [name, values.map((value) => meant(name, value)).join('\n')] as const)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(kept);
  }
}

/** Null where it is to none that the cache knows, and named exactly. */
export function recordedEndpoint({ method, path }: Pick<RecordedRequest, 'method' | 'path'>): Endpoint | null {
  const basePath = '/v1';
  return endpointOf(method, { path: basePath + path, basePath });
}

/** A request to one of the upstreams, as a cassette has it. */
export function exchangeHead(keyer: ExchangeKeyer, method: string, fields: HeaderFields, route: Route): ExchangeHead {
  const { name, dialect } = route.target;
  return {
    upstream: name,
    dialect,
    method,
    path: relativePath(route),
    query: recordedQuery(route.query),
    headers: keyer.headers(fields, dialect),
  };
}

/** @returns a query without credentials */
function recordedQuery(query: string): string {
  const pairs = query.split('&');
  const kept = pairs.filter((pair) => !CREDENTIAL_PARAMETER.test(parameterName(pair)));
  return kept.length === pairs.length ? query : kept.join('&');
}

/** As its reader takes it, whatever of it is written in percent escapes. */
function parameterName(pair: string): string {
  const [name = ''] = new URLSearchParams(pair).keys();
  return name;
}

/** Any language, and JSON, are what is asked for where nothing is said. */
function meant(name: string, value: string): string {
  if (name === 'accept-language' && value === '*') return '';
  if (name !== 'content-type') return value;
  return /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(value) ? '' : withoutBoundary(value);
}

function storedRequestOf({ endpoint }: KeyContext, { model, parts }: KeyedRequest): StoredRequest {
  return { endpoint, model, scope: CASSETTE_SCOPE, tags: [], parts };
}

/** Nothing confidential is among the headers of an exchange; a cassette that names one all the same has it as it is. */
function noDigest(text: string): string {
  return text;
}
