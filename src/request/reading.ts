/**
 * What the head of a request says: where it goes, what it allows, who asks.
 */
import { type Endpoint, endpointOf } from '../endpoint.ts';
import type { Caller } from './caller.ts';
import type { Omissions } from './fields.ts';
import { partsOf } from './fingerprint.ts';
import type { HeaderFields } from './header-fields.ts';
import type { Occasion } from './naming.ts';
import { type Policy, type PolicyDefaults, readPolicy } from './policy.ts';
import { findRoute, type Route, type Targets } from './route.ts';

/** How the configuration has requests read. */
export interface Rules {
  readonly targets: Targets;
  readonly policy: PolicyDefaults;
  readonly omissions: Omissions;
  readonly callerOf: (fields: HeaderFields) => Caller;
}

/** The head of a request as it came. */
export interface RequestHead {
  readonly method: string;
  /** The request target, with its query. */
  readonly url: string;
  readonly fields: HeaderFields;
}

export interface Reading {
  readonly head: RequestHead;
  readonly route: Route;
  readonly policy: Policy;
  /** Null for a path that is not cached. */
  readonly endpoint: Endpoint | null;
  readonly caller: Caller;
}

/** @throws RefrainError where the request is refused */
export function readHead(rules: Rules, head: RequestHead): Reading {
  const route = findRoute(head.url, head.fields, rules.targets);
  const policy = readPolicy(head.fields, rules.policy);
  return { head, route, policy, endpoint: endpointOf(head.method, route.path), caller: rules.callerOf(head.fields) };
}

export function occasionOf({ omissions }: Rules, endpoint: Endpoint, { head, route, policy, caller }: Reading): Occasion {
  const { target, path, query } = route;
  const { isIgnoredHeader } = omissions;
  const parts = partsOf({
    scope: caller.scope, upstream: target.origin, method: head.method, path, query, fields: head.fields, isIgnoredHeader, variant: policy.variant,
  });
  return { endpoint, mode: policy.mode, ignored: omissions.body, parts };
}
