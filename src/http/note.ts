/**
 * What the ledger is told of a request: once, when both the request and the
 * upstream call that it led to are over.
 */
import type { ServerResponse } from 'node:http';
import type { Opening } from '../cache/outcome.ts';
import type { RefrainError } from '../errors.ts';
import type { Note } from '../ledger/note.ts';
import type { Call } from '../response/entry.ts';
import type { Marks } from './marks.ts';
import type { Door } from './door.ts';

/** A request that is over for its client. */
export interface Served {
  readonly marks: Marks;
  /** Null where it was refused. */
  readonly opening: Opening | null;
  readonly response: ServerResponse;
  /** What it failed with before anything was sent. */
  readonly error: RefrainError | null;
}

/** What nginx calls a client that left before its answer began. */
const CLIENT_LEFT = 499;

export function noteRequest({ ledger, clock }: Pick<Door, 'ledger' | 'clock'>, served: Served): void {
  const call = served.opening?.call ?? null;
  const note = noteOf(served, clock.now());
  if (call instanceof Promise) void call.then((known) => ledger.note(withCall(note, served, known)));
  else ledger.note(withCall(note, served, call));
}

function noteOf({ marks, opening, response, error }: Served, time: number): Omit<Note, 'call'> {
  const { outcome, listener } = opening ?? {};
  return {
    time,
    requestId: marks.requestId,
    outcome: outcome?.word ?? 'refusal',
    endpoint: marks.endpoint ?? 'other',
    model: marks.model,
    scope: marks.scope,
    key: marks.key,
    status: response.headersSent ? response.statusCode : CLIENT_LEFT,
    why: outcome?.word === 'bypass' ? outcome.why : null,
    error: (error ?? listener?.failure?.error)?.code ?? null,
    tier: outcome?.word === 'hit' ? outcome.tier : null,
    ms: performance.now() - marks.startedAt,
    bytes: listener?.position ?? 0,
  };
}

function withCall(note: Omit<Note, 'call'>, { opening }: Served, call: Call | null): Note {
  const why = note.why ?? opening?.flight?.unkept ?? note.error;
  return { ...note, model: note.model ?? call?.model ?? null, why, call };
}
