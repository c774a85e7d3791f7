/**
 * The last step: the usage record of a request, once both the request and the
 * upstream call that it led to are over.
 */
import { type CacheResult, derivationOf } from '../cache/outcome.ts';
import type { RefrainError } from '../errors.ts';
import type { UsageRecord } from '../ledger/usage-record.ts';
import type { Call } from '../response/entry.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import type { RequestContext } from './request-context.ts';

/** A request that is over for its client. */
export interface ServedRequest {
  readonly method: string;
  /** As the request line has it. */
  readonly target: string;
  readonly context: RequestContext;
  /** Null where it was refused. */
  readonly result: CacheResult | null;
  /** As it was sent; null where the client left before. */
  readonly status: number | null;
  /** The reason why it failed before anything was sent. */
  readonly error: RefrainError | null;
}

/** nginx's word for a client that left before its answer began. */
const CLIENT_LEFT = 499;

export function record(proxy: ProxyDependencies, served: ServedRequest): void {
  const { call = null } = served.result ?? {};
  const time = proxy.clock.now();
  const known = recordOf(served, time, call instanceof Promise ? null : call);
  if (call instanceof Promise) void call.then((ended) => note(proxy, served, withCall(known, served, ended)));
  else note(proxy, served, known);
}

function note(
  { ledger, access, log }: ProxyDependencies,
  { method, target, context }: ServedRequest,
  record: UsageRecord,
): void {
  ledger.note(record);
  if (access !== null) return access.note({ record, method, target, question: context.question }, ledger);
  const { requestId, status, outcome, key } = record;
  log.debug({ requestId, method, status, outcome, key }, 'request');
}

function recordOf({ context, result, status, error }: ServedRequest, time: number, call: Call | null): UsageRecord {
  const { outcome, reader } = result ?? {};
  const code = (error ?? reader?.failure?.error)?.code ?? null;
  return {
    time,
    requestId: context.requestId,
    outcome: outcome?.word ?? 'refusal',
    endpoint: context.endpoint ?? 'other',
    model: context.model ?? call?.model ?? null,
    scope: context.scope,
    tags: context.tags,
    key: context.key,
    status: status ?? CLIENT_LEFT,
    reason: outcome?.word === 'miss' ? context.reason : null,
    why: result ? whyOf(result, code) : code,
    error: code,
    tier: outcome?.word === 'hit' ? outcome.tier : null,
    derivation: outcome === undefined ? null : derivationOf(outcome),
    ms: performance.now() - context.startedAt,
    bytes: reader?.position ?? 0,
    call,
    ...(context.items && { items: context.items }),
  };
}

/** The same once the call is over: only then is it known what it took, and why its answer was not kept. */
function withCall(known: UsageRecord, { result }: ServedRequest, call: Call | null): UsageRecord {
  const why = result ? whyOf(result, known.error) : known.why;
  return { ...known, model: known.model ?? call?.model ?? null, why, call };
}

/** The reason of a bypass, of a hit on an entry that had expired, or why its answer was not kept. */
function whyOf({ outcome, flight }: CacheResult, error: string | null): string | null {
  if (outcome.word === 'bypass') return outcome.why;
  if (outcome.word === 'hit') return outcome.freshness === 'fresh' ? error : outcome.freshness;
  return flight?.unkept ?? error;
}
