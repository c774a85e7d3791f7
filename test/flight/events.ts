/**
 * The events that can come to a flight at any point of its life, by name.
 */
import type { FormMode } from '../../src/dialect.ts';
import type { Turn } from './answers.ts';
import type { Leading, Manner, Topic } from './asker.ts';
import { SETTLE_MS } from './call.ts';
import type { LookupResult } from './held-store.ts';
import { TAKEOVER_AFTER, TTL } from './harness.ts';
import type { Model } from './model.ts';

/** A model with one topic, and what its lifecycle needs to know. */
export interface EventContext {
  readonly model: Model;
  readonly topic: Topic;
  /** True while the store leaves its lookups unsettled. */
  isMute: boolean;
}

export type FlightEvent = (context: EventContext) => void;

const STRICT = { maxAge: Infinity, maxStale: 0, revalidates: false, staleIfError: 0, forms: 'derive' as FormMode };

export const PLAIN = { ...STRICT, read: true, follow: true, ask: true, ttl: TTL };

/** In seconds; longer than the time to live. */
const WHILE = 90;

/** As `stale.revalidate` and `stale.error` have it. */
export const REVALIDATES = { ...PLAIN, maxStale: WHILE, revalidates: true };
export const STALE_IF_ERROR = { ...PLAIN, staleIfError: 10 * WHILE };

export const REFRESH = { ...PLAIN, read: false, follow: false };

export const ONLY_IF_CACHED = { ...PLAIN, follow: false, ask: false };

export function ask(
  { model, topic }: EventContext,
  permission: Manner['permission'] = PLAIN,
  leading: Leading = 'by hand',
): void {
  model.ask(topic, { permission, pace: 'eager', leading });
}

const asks =
  (permission: Manner['permission'], leading?: Leading): FlightEvent =>
  (context) =>
    ask(context, permission, leading);

const leaves =
  (which: (at: number) => boolean): FlightEvent =>
  ({ model }) => {
    for (const asker of model.askers.filter((_, at) => which(at))) model.leave(asker);
  };

const settles =
  (result: LookupResult): FlightEvent =>
  ({ model }) => {
    for (const lookup of model.harness.store.lookups) model.settle(lookup, result);
  };

const passes =
  (ms: number): FlightEvent =>
  ({ model }) =>
    model.turn(ms);

/** The calls that have not said a byte begin so. */
const begins =
  (turn: Turn): FlightEvent =>
  ({ model }) => {
    for (const call of model.flying) if (call.answer === null) model.begin(call, turn);
  };

/** From here on, whatever this says of is thrown at whoever calls it. */
const throws =
  (name: string): FlightEvent =>
  ({ model }) => {
    model.invariants.isFaulty = true;
    model.onCall = (called) => {
      if (called === name) throw new Error(`${name} throws`);
    };
  };

export const EVENTS: Readonly<Record<string, FlightEvent>> = {
  'the first who asked leaves': leaves((at) => at === 0),
  'the second who asked leaves': leaves((at) => at === 1),
  'everybody leaves': leaves(() => true),
  'the key is purged': ({ model, topic }) => model.purge(topic),
  'the answer is forgotten': ({ model }) => model.calls.forEach((call) => model.forget(call)),
  'the entry is evicted from memory': ({ model, topic }) => model.evict(topic, false),
  'the entry is evicted': ({ model, topic }) => model.evict(topic, true),
  'a second passes': passes(SETTLE_MS),
  'takeoverAfter passes': passes(TAKEOVER_AFTER * 1000 + 1),
  'the time to live passes': passes(TTL * 1000),
  'an equal request asks': asks(PLAIN),
  'an equal request asks, and says all at once if it leads': asks(PLAIN, 'says all'),
  'an equal request asks, and throws if it leads': asks(PLAIN, 'begins and throws'),
  'an equal request asks that is not kept': asks({ ...PLAIN, ttl: 0 }),
  'a refresh asks': asks(REFRESH),
  'a refresh asks, and says all at once': asks(REFRESH, 'says all'),
  'a refresh asks, and throws': asks(REFRESH, 'throws'),
  'a request asks that takes nothing stored': asks({ ...PLAIN, maxAge: 0 }),
  'a request asks that takes what is stale': asks({ ...PLAIN, maxStale: Infinity }),
  'a request asks that has the stale refreshed': asks(REVALIDATES),
  'a request asks that has the stale refreshed, and throws': asks(REVALIDATES, 'begins and throws'),
  'a request asks that takes the stale on failure': asks(STALE_IF_ERROR),
  'a request asks that takes the stale on failure, and fails': asks(STALE_IF_ERROR, 'fails'),
  'a request asks that takes only what is stored': asks(ONLY_IF_CACHED),
  'a request asks past the cache': asks(null),
  'the store rejects': (context) => {
    context.model.invariants.isFaulty = true;
    settles('failure')(context);
  },
  'the store tells what it had': settles('then'),
  'the store is sure of what it lacks': ({ model }) => void (model.harness.store.isSure = true),
  'the store goes mute': (context) => (context.isMute = true),
  'getSync throws from here on': throws('getSync'),
  'getSlow throws from here on': throws('getSlow'),
  'get throws from here on': throws('get'),
  'set throws from here on': throws('set'),
  'delete throws from here on': throws('delete'),
  'deleteAnswer throws from here on': throws('deleteAnswer'),
  'headers throw from here on': throws('headers'),
  'the call fails': ({ model }) => model.flying.forEach((call) => model.fail(call)),
  'the call ends early': ({ model }) => model.flying.forEach((call) => call.answer && model.finish(call)),
  'calls that are over go on': ({ model }) => model.calls.forEach((call) => call.isInTheAir || model.babble(call)),
  'the answer is an error': begins('failing'),
  'the answer refuses the caller': begins('personal'),
  'the answer forbids to keep it': begins('no-store'),
  'the answer breaks off in an error': begins('spoilt'),
  'the answer goes on after an error': begins('resumed'),
  'the answer is too large': begins('huge'),
  'the answer ends with its connection': begins('undelimited'),
};
