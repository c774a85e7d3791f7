/**
 * What can happen to a flight at any point of its life, by name.
 */
import type { Turn } from './answers.ts';
import type { Leading, Manner, Topic } from './asker.ts';
import { SETTLE_MS } from './call.ts';
import type { Told } from './held-store.ts';
import { PATIENCE, TTL } from './surroundings.ts';
import type { World } from './world.ts';

/** A world with one topic, and what its life needs to know. */
export interface Stage {
  readonly world: World;
  readonly topic: Topic;
  /** Whether the store leaves its lookups untold. */
  isMute: boolean;
}

export type Deed = (stage: Stage) => void;

export const PLAIN = { read: true, follow: true, ask: true, maxAge: Infinity, ttl: TTL };

export const REFRESH = { ...PLAIN, read: false, follow: false };

export const ONLY_IF_CACHED = { ...PLAIN, follow: false, ask: false };

export function ask(
  { world, topic }: Stage,
  permission: Manner['permission'] = PLAIN,
  leading: Leading = 'by hand',
): void {
  world.ask(topic, { permission, pace: 'eager', leading });
}

const asks =
  (permission: Manner['permission'], leading?: Leading): Deed =>
  (stage) =>
    ask(stage, permission, leading);

const leaves =
  (which: (at: number) => boolean): Deed =>
  ({ world }) => {
    for (const asker of world.askers.filter((_, at) => which(at))) world.leave(asker);
  };

const tells =
  (told: Told): Deed =>
  ({ world }) => {
    for (const lookup of world.surroundings.store.lookups) world.tell(lookup, told);
  };

const passes =
  (ms: number): Deed =>
  ({ world }) =>
    world.turn(ms);

/** The calls that have not said a byte begin so. */
const begins =
  (turn: Turn): Deed =>
  ({ world }) => {
    for (const call of world.flying) if (call.answer === null) world.begin(call, turn);
  };

/** From here on, whatever this says of is thrown at whoever calls it. */
const throws =
  (name: string): Deed =>
  ({ world }) => {
    world.rules.isFaulty = true;
    world.onCall = (called) => {
      if (called === name) throw new Error(`${name} throws`);
    };
  };

export const DEEDS: Readonly<Record<string, Deed>> = {
  'the first who asked leaves': leaves((at) => at === 0),
  'the second who asked leaves': leaves((at) => at === 1),
  'everybody leaves': leaves(() => true),
  'the key is purged': ({ world, topic }) => world.purge(topic),
  'the answer is forgotten': ({ world }) => world.calls.forEach((call) => world.forget(call)),
  'the entry is evicted from memory': ({ world, topic }) => world.evict(topic, false),
  'the entry is evicted': ({ world, topic }) => world.evict(topic, true),
  'a second passes': passes(SETTLE_MS),
  'the time of patience passes': passes(PATIENCE * 1000 + 1),
  'the time to live passes': passes(TTL * 1000),
  'an equal request asks': asks(PLAIN),
  'an equal request asks, and says all at once if it leads': asks(PLAIN, 'says all'),
  'an equal request asks, and throws if it leads': asks(PLAIN, 'begins and throws'),
  'an equal request asks that is not kept': asks({ ...PLAIN, ttl: 0 }),
  'a refresh asks': asks(REFRESH),
  'a refresh asks, and says all at once': asks(REFRESH, 'says all'),
  'a refresh asks, and throws': asks(REFRESH, 'throws'),
  'a request asks that takes nothing stored': asks({ ...PLAIN, maxAge: 0 }),
  'a request asks that takes only what is stored': asks(ONLY_IF_CACHED),
  'a request asks past the cache': asks(null),
  'the store rejects': (stage) => {
    stage.world.rules.isFaulty = true;
    tells('failure')(stage);
  },
  'the store tells what it had': tells('then'),
  'the store is sure of what it lacks': ({ world }) => void (world.surroundings.store.isSure = true),
  'the store goes mute': (stage) => (stage.isMute = true),
  'getNow throws from here on': throws('getNow'),
  'getSlow throws from here on': throws('getSlow'),
  'get throws from here on': throws('get'),
  'set throws from here on': throws('set'),
  'delete throws from here on': throws('delete'),
  'deleteAnswer throws from here on': throws('deleteAnswer'),
  'headers throw from here on': throws('headers'),
  'the call fails': ({ world }) => world.flying.forEach((call) => world.fail(call)),
  'the call ends early': ({ world }) => world.flying.forEach((call) => call.answer && world.finish(call)),
  'calls that are over go on': ({ world }) => world.calls.forEach((call) => call.isInTheAir || world.babble(call)),
  'the answer is an error': begins('failing'),
  'the answer refuses the caller': begins('personal'),
  'the answer forbids to keep it': begins('no-store'),
  'the answer breaks off in an error': begins('spoilt'),
  'the answer goes on after an error': begins('resumed'),
  'the answer is too large': begins('huge'),
  'the answer ends with its connection': begins('undelimited'),
};
