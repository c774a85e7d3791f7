/**
 * The headers that the key leaves out, by the dialect of the upstream. Every
 * other header is in it.
 *
 * A family of headers is never left out for its name alone where one of it says
 * who asks (`x-session-token`, `sec-user-token`).
 */
import { type Dialect, ignoresLabels } from '../dialect.ts';
import { saysWho } from './confidential.ts';
import { HOP_BY_HOP } from './header-fields.ts';
import { createMatcher } from './name-list.ts';

export interface HeaderRule {
  /** In lower case; `*` at the end stands for any ending. */
  readonly names: readonly string[];
  readonly why: string;
  /**
   * `fixed`: whatever the settings say. `hops`: unless `key.include` names it. `every`: in every dialect, unless
   * `key.ignore` lacks `default` as well. `labels`: the same, but only where the upstream ignores labels.
   */
  readonly where: 'fixed' | 'hops' | 'every' | 'labels';
}

export const HEADER_RULES: readonly HeaderRule[] = [
  { where: 'fixed', names: [...HOP_BY_HOP, 'host', 'expect'], why: 'facts of one hop' },
  {
    where: 'hops',
    names: [
      'via',
      'forwarded',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-forwarded-port',
      'x-forwarded-prefix',
      'x-forwarded-server',
      'x-real-ip',
      'cf-ray',
      'cf-connecting-ip',
      'cf-ipcountry',
      'cf-visitor',
      'cdn-loop',
    ],
    why: 'the way that the request took; where a tenant is known by it, `key.include=header:x-forwarded-host`',
  },
  {
    where: 'fixed',
    names: ['content-length', 'content-encoding', 'accept-encoding'],
    why: 'framing; the key is made from the body as it is decoded, and answers are asked for as they are',
  },
  { where: 'fixed', names: ['cache-control', 'pragma', 'x-refrain-*'], why: 'cache control' },
  { where: 'every', names: ['accept', 'accept-charset'], why: 'form' },
  {
    where: 'every',
    names: [
      'x-request-id',
      'x-client-request-id',
      'x-ms-client-request-id',
      'x-correlation-id',
      'idempotency-key',
      'x-irid',
      'traceparent',
      'elastic-apm-traceparent',
      'newrelic',
      'langsmith-trace',
      'tracestate',
      'baggage',
      'b3',
      'x-b3-*',
      'x-amzn-trace-id',
      'x-cloud-trace-context',
      'x-datadog-*',
      'sentry-trace',
      'uber-trace-id',
      'sec-fetch-*',
      'sec-fetch-user',
      'sec-ch-*',
      'sec-gpc',
      'sec-websocket-accept',
      'sec-websocket-extensions',
      'sec-websocket-key',
      'sec-websocket-protocol',
      'sec-websocket-version',
      'dnt',
      'priority',
      'date',
    ],
    why: 'labels of one call',
  },
  {
    where: 'every',
    names: ['user-agent', 'x-stainless-*', 'x-promptfoo-version'],
    why: 'what clients say of their software; where a gateway routes by it, `key.include=header:user-agent`',
  },
  {
    where: 'labels',
    names: ['referer', 'http-referer', 'x-title', 'accept-language', 'accept-datetime'],
    why: 'where the question was asked',
  },
  {
    where: 'labels',
    names: [
      'session-id',
      'session_id',
      'thread-id',
      'conversation_id',
      'agent-session-id',
      'x-session-*',
      'x-codex-*',
      'x-claude-code-*',
      'x-claude-remote-*',
      'x-opencode-session',
      'x-opencode-request',
      'x-openwebui-chat-id',
      'x-openwebui-message-id',
    ],
    why: "labels of a client's session",
  },
];

/** The headers that a dialect leaves out. @param standard whether those count that settings may bring back */
export function createHeaderRules(dialect: Dialect, standard: boolean): (name: string) => boolean {
  const rules = HEADER_RULES.filter(({ where }) => isInForce(where, dialect, standard));
  const names = rules.flatMap((rule) => rule.names);
  const isNamed = createMatcher(names.filter((name) => !name.endsWith('*')));
  const isOfFamily = createMatcher(names.filter((name) => name.endsWith('*')));
  return (name) => isNamed(name) || (isOfFamily(name) && (isOwn(name) || !saysWho(name)));
}

/** Tests whether a rule holds for an upstream of this dialect. */
export function isInForce(where: HeaderRule['where'], dialect: Dialect, standard: boolean): boolean {
  switch (where) {
    case 'fixed':
    case 'hops':
      return true;
    case 'every':
      return standard;
    case 'labels':
      return standard && ignoresLabels(dialect);
  }
}

/** Tests whether no setting can bring a header into the key. */
export const isFixed = createMatcher(HEADER_RULES.flatMap(({ where, names }) => (where === 'fixed' ? names : [])));

function isOwn(name: string): boolean {
  return name.startsWith('x-refrain-');
}
