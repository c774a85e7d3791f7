/**
 * What the head of a request says: where it goes, what it allows, who asks.
 */
import { endpointOf } from '../endpoint.ts';
import type { Bypasses } from './bypasses.ts';
import { ACCOUNTS, type Caller, CREDENTIALS } from './caller.ts';
import { codingOf } from './content-coding.ts';
import type { Omissions } from './fields.ts';
import { partsOf } from './fingerprint.ts';
import { type HeaderFields, valueOf } from './header-fields.ts';
import { createOccasion, type Occasion } from './naming.ts';
import { type Policy, type PolicyDefaults, readPolicy } from './policy.ts';
import { findRoute, type Route, type Targets } from './route.ts';

/** How the configuration has requests read. */
export interface Rules {
  readonly targets: Targets;
  readonly policy: PolicyDefaults;
  readonly omissions: Omissions;
  readonly bypasses: Bypasses;
  readonly callerOf: (fields: HeaderFields) => Caller;
}

/** The head of a request as it came. */
export interface RequestHead {
  readonly method: string;
  /** The request target, with its query. */
  readonly url: string;
  readonly fields: HeaderFields;
}

/** All but the length of the body. */
export interface Reading {
  readonly method: string;
  readonly route: Route;
  readonly policy: Policy;
  readonly caller: Caller;
  /** Names the caller's credential at this upstream. */
  readonly callerThere: string;
  /** What names an answer, but the body; null for a path that is not cached. */
  readonly occasion: Occasion | null;
  /** How the body is compressed; null where it is not. */
  readonly coding: string | null;
}

/** @throws RefrainError where the request is refused */
export function readHead(rules: Rules, head: RequestHead): Reading {
  const { method, url, fields } = head;
  const route = findRoute(url, fields, rules.targets);
  const policy = readPolicy(fields, rules.policy);
  const caller = rules.callerOf(fields);
  return {
    method, route, policy, caller,
    callerThere: `${route.target.origin} ${caller.digest}`,
    occasion: occasionOf(rules, head, route, policy, caller),
    coding: codingOf(valueOf(fields, 'content-encoding')),
  };
}

const SCOPED: ReadonlySet<string> = new Set([...CREDENTIALS, ...ACCOUNTS]);

/** Whether requests with equal keys have equal values of this header, as far as these say what is asked. */
export function isKeyedHeader({ omissions }: Rules, name: string): boolean {
  return SCOPED.has(name) || !omissions.isIgnoredHeader(name);
}

function occasionOf({ omissions, bypasses }: Rules, { method, fields }: RequestHead, { target, path, query }: Route, { mode, variant }: Policy, { scope }: Caller): Occasion | null {
  const endpoint = endpointOf(method, path);
  if (endpoint === null) return null;
  const parts = partsOf({ scope, upstream: target.origin, method, path, query, fields, isIgnoredHeader: omissions.isIgnoredHeader, variant });
  return createOccasion({ endpoint, mode, ignored: omissions.body, bypasses, parts });
}
