/**
 * What the ledger is told of a request: once, when both the request and the
 * upstream call that it led to are over.
 */
import type { ServerResponse } from 'node:http';
import type { CacheResult, Outcome } from '../cache/outcome.ts';
import type { RefrainError } from '../errors.ts';
import type { UsageRecord } from '../ledger/usage-record.ts';
import type { Call } from '../response/entry.ts';
import type { RequestContext } from './response-headers.ts';
import type { ApiDependencies } from './api-dependencies.ts';

/** A request that is over for its client. */
export interface Served {
  readonly context: RequestContext;
  /** Null where it was refused. */
  readonly result: CacheResult | null;
  readonly response: ServerResponse;
  /** What it failed with before anything was sent. */
  readonly error: RefrainError | null;
}

/** What nginx calls a client that left before its answer began. */
const CLIENT_LEFT = 499;

export function recordRequest({ ledger, clock }: Pick<ApiDependencies, 'ledger' | 'clock'>, served: Served): void {
  const call = served.result?.call ?? null;
  const note = noteOf(served, clock.now());
  if (call instanceof Promise) void call.then((known) => ledger.note(withCall(note, served, known)));
  else ledger.note(withCall(note, served, call));
}

function noteOf({ context, result, response, error }: Served, time: number): Omit<UsageRecord, 'call'> {
  const { outcome, reader } = result ?? {};
  return {
    time,
    requestId: context.requestId,
    outcome: outcome?.word ?? 'refusal',
    endpoint: context.endpoint ?? 'other',
    model: context.model,
    scope: context.scope,
    key: context.key,
    status: response.headersSent ? response.statusCode : CLIENT_LEFT,
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

function withCall(record: Omit<UsageRecord, 'call'>, { result }: Served, call: Call | null): UsageRecord {
  const why = record.why ?? result?.flight?.unkept ?? record.error;
  return { ...record, model: record.model ?? call?.model ?? null, why, call };
}
