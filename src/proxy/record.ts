/**
 * The last step: the usage record of a request, once both the request and the
 * upstream call that it led to are over.
 */
import type { CacheResult, Outcome } from '../cache/outcome.ts';
import type { RefrainError } from '../errors.ts';
import type { UsageRecord } from '../ledger/usage-record.ts';
import type { Call } from '../response/entry.ts';
import type { ProxyDependencies } from './proxy-dependencies.ts';
import type { RequestContext } from './request-context.ts';

/** A request that is over for its client. */
export interface Served {
  readonly method: string;
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

export function record(proxy: ProxyDependencies, served: Served): void {
  const { result } = served;
  const call = result?.call ?? null;
  const known = recordOf(served, proxy.clock.now());
  if (call instanceof Promise) void call.then((ended) => proxy.ledger.note(withCall(known, result, ended)));
  else proxy.ledger.note(withCall(known, result, call));
  const { requestId, status, outcome, key } = known;
  proxy.log.debug({ requestId, method: served.method, status, outcome, key }, 'request');
}

function recordOf({ context, result, status, error }: Served, time: number): Omit<UsageRecord, 'call'> {
  const { outcome, reader } = result ?? {};
  return {
    time,
    requestId: context.requestId,
    outcome: outcome?.word ?? 'refusal',
    endpoint: context.endpoint ?? 'other',
    model: context.model,
    scope: context.scope,
    key: context.key,
    status: status ?? CLIENT_LEFT,
    why: outcome ? whyOf(outcome) : null,
    error: (error ?? reader?.failure?.error)?.code ?? null,
    tier: outcome?.word === 'hit' ? outcome.tier : null,
    ms: performance.now() - context.startedAt,
    bytes: reader?.position ?? 0,
  };
}

/** Why it was a bypass, or a hit on an entry that had expired. */
function whyOf(outcome: Outcome): string | null {
  if (outcome.word === 'bypass') return outcome.why;
  return outcome.word === 'hit' && outcome.freshness !== 'fresh' ? outcome.freshness : null;
}

function withCall(known: Omit<UsageRecord, 'call'>, result: CacheResult | null, call: Call | null): UsageRecord {
  const why = known.why ?? result?.flight?.unkept ?? known.error;
  return { ...known, model: known.model ?? call?.model ?? null, why, call };
}
