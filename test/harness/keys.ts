/**
 * The key of a request, by the rules that a proxy has, without a proxy.
 */
import type { Dialect } from '../../src/dialect.ts';
import { createBypasses } from '../../src/request/bypasses.ts';
import { createCallers, createDigest, createScopeHeaders, createUserHeaders } from '../../src/request/caller.ts';
import { readHeaderFields } from '../../src/request/header-fields.ts';
import { computeKey } from '../../src/request/key.ts';
import { createOmissions } from '../../src/request/omissions.ts';
import { findRoute, type Targets } from '../../src/request/route.ts';
import { parseHead, type Rules } from '../../src/request/parsed-head.ts';

export interface Request {
  readonly path?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly body: string | Buffer;
}

export interface RuleSettings {
  readonly dialect?: Dialect;
  readonly ignore?: readonly string[];
  readonly include?: readonly string[];
  readonly scopeHeaders?: readonly string[];
  readonly origin?: string;
}

/** The rules of a proxy in front of OpenAI, unless said otherwise. */
export function rulesWith(settings: RuleSettings = {}): Rules {
  const {
    dialect = 'openai',
    ignore = ['default'],
    include = [],
    scopeHeaders = ['default'],
    origin = 'https://upstream.test',
  } = settings;
  const digestOf = createDigest(Buffer.alloc(32, 1));
  const isUser = createUserHeaders(scopeHeaders);
  const isScopeHeader = createScopeHeaders(isUser);
  const omissions = createOmissions({ ignore, include }, isScopeHeader);
  const targets: Targets = {
    standard: {
      name: null,
      origin,
      basePath: '/v1',
      setting: 'upstream',
      dialect,
      doneMarker: 'required',
      noStore: 'obey',
      forms: 'derive',
    },
    named: new Map(),
  };
  return {
    routeOf: (url, fields) => findRoute(url, fields, targets),
    policy: {
      ttl: 60,
      maxTtl: 60,
      stale: { revalidate: null, error: null },
      mode: 'all',
      sseNoStore: 'obey',
      samples: 1,
      pace: 'instant',
      items: true,
    },
    omissions,
    bypasses: createBypasses(['default']),
    digestOf,
    isScopeHeader,
    callerOf: createCallers({
      shared: { name: null, members: [] },
      isUser,
      isIgnoredHeader: omissions.compatible.isIgnoredHeader,
      digestOf,
    }),
  };
}

const RULES = rulesWith();

/** The fingerprint and form of a request, or why it has none. */
export function keyFor({ path = '/v1/chat/completions', headers = [], body }: Request, rules: Rules = RULES): string {
  const { keyContext } = parseHead(rules, { method: 'POST', url: path, fields: readHeaderFields(headers) });
  if (keyContext === null) return 'route';
  const keyed = computeKey(keyContext, Buffer.from(body));
  return typeof keyed === 'string' ? keyed : keyed.key;
}
