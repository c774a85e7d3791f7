/**
 * The head of a request, read: where it goes, what it allows, who asks.
 */
import { codingOf } from '../coding.ts';
import type { Bypasses } from './bypasses.ts';
import { type Caller, isShared } from './caller.ts';
import { endpointOf, REQUEST_ENDPOINTS } from './endpoints/table.ts';
import type { ExplainedRequest } from './explained-request.ts';
import { partsOf } from './fingerprint.ts';
import { type HeaderFields, valueOf } from './header-fields.ts';
import { createKeyContext, type KeyContext } from './key.ts';
import type { OmissionsByDialect } from './omissions.ts';
import { type Policy, type PolicyDefaults, readPolicy } from './policy.ts';
import type { Route } from './route.ts';

/** How the configuration has requests read. */
export interface Rules {
  /** Where a request goes, by its target. @throws RefrainError where that is nowhere */
  readonly routeOf: (url: string, fields: HeaderFields) => Route;
  readonly policy: PolicyDefaults;
  readonly omissions: OmissionsByDialect;
  readonly bypasses: Bypasses;
  /** Keyed by the secret of this proxy; hexadecimal. */
  readonly digestOf: (text: string) => string;
  /** Tests whether a header is in the scope of its caller. */
  readonly isScopeHeader: (name: string) => boolean;
  readonly callerOf: (fields: HeaderFields) => Caller;
  /** Names the answers of a cassette, wherever they are from; absent where there is none. */
  readonly exchangeContextOf?: (head: RequestHead, route: Route) => KeyContext | null;
  /** The name by which a cassette has a request, or why it has none; absent where there is no cassette. */
  readonly explainExchange?: (head: RequestHead, route: Route, body: Buffer) => ExplainedRequest | string;
}

/** The head of a request as it came. */
export interface RequestHead {
  readonly method: string;
  /** The request target, with its query. */
  readonly url: string;
  readonly fields: HeaderFields;
}

/** All but the length of the body. */
export interface ParsedHead {
  readonly method: string;
  readonly route: Route;
  readonly policy: Policy;
  readonly caller: Caller;
  /** Names the caller's credential at this upstream; all who show none have one name. */
  readonly credentialAtUpstream: string;
  /** All that names an answer but the body; null for a path that is not cached. */
  readonly keyContext: KeyContext | null;
  /** How the body is compressed; null where it is not. */
  readonly coding: string | null;
}

/** @throws RefrainError where the request is refused */
export function parseHead(rules: Rules, head: RequestHead): ParsedHead {
  const { method, url, fields } = head;
  const route = rules.routeOf(url, fields);
  const policy = readPolicy(fields, rules.policy, route.target.forms);
  const caller = rules.callerOf(fields);
  return {
    method,
    route,
    policy,
    caller,
    credentialAtUpstream: `${route.target.origin} ${caller.credential ?? ''}`,
    keyContext: rules.exchangeContextOf
      ? rules.exchangeContextOf(head, route)
      : keyContextOf(rules, head, route, policy, caller),
    coding: codingOf(valueOf(fields, 'content-encoding')),
  };
}

/**
 * Tests whether requests with equal keys have equal values of this header, as far as these say what is asked. Those who
 * share a scope show credentials and names of their own.
 */
export function isKeyedHeader(rules: Rules, { route, caller }: HeadFacts, name: string): boolean {
  if (rules.isScopeHeader(name)) return !isShared(caller.scope);
  return !rules.omissions[route.target.dialect].isIgnoredHeader(name);
}

/** Where a request goes, and who asks. */
export type HeadFacts = Pick<ParsedHead, 'route' | 'caller'>;

function keyContextOf(
  rules: Rules,
  head: RequestHead,
  route: Route,
  policy: Policy,
  { scope }: Caller,
): KeyContext | null {
  const { method, fields } = head;
  const {
    target: { origin: upstream, basePath, dialect },
    path,
    query,
  } = route;
  const endpoint = endpointOf(method, { path, basePath });
  if (endpoint === null) return null;
  const { body, bodyWithIds, isIgnoredHeader, ignoresRouting } = rules.omissions[dialect];
  const ignored = REQUEST_ENDPOINTS[endpoint].authoredIds === null ? body : bodyWithIds;
  const { bypasses, digestOf } = rules;
  const { mode, variant } = policy;
  const parts = partsOf({
    scope,
    upstream,
    dialect,
    method,
    path,
    query,
    fields,
    isIgnoredHeader,
    ignoresRouting,
    digestOf,
    variant,
  });
  return createKeyContext({ endpoint, mode, dialect, ignored, bypasses, parts });
}
