/**
 * A modelled fleet in which chance decides: who asks what, where and when, how
 * upstreams answer, what goes wrong. The same seed makes the same choices.
 */
import type { Permission } from '../../src/cache/question.ts';
import type { Kind, Turn } from '../flight/answers.ts';
import type { Pace, Topic } from '../flight/asker.ts';
import { PLAIN, REFRESH, REVALIDATES, STALE_IF_ERROR } from '../flight/events.ts';
import { Random } from '../request/random.ts';
import type { CallPlan } from './call.ts';
import { Fleet, type FleetOptions } from './fleet.ts';
import type { FleetNode, Sabotage } from './node.ts';
import { isCalm, profileOf } from './profile.ts';

const KINDS: readonly Kind[] = ['json', 'events', 'chat'];
const PACES: readonly Pace[] = ['eager', 'eager', 'eager', 'fleeing'];
const BAD_TURNS: readonly Turn[] = ['right', 'right', 'right', 'personal', 'failing', 'no-store', 'spoilt'];
/** The time between two events, in ms. */
const GAPS: readonly number[] = [0, 0, 0, 1, 5, 5, 30, 200, 900, 3_000];
/** Before a head or a chunk, in ms. */
const CALL_PACES: readonly number[] = [0, 1, 5, 40, 300, 900, 2_500, 4_000];
const OUTAGES: readonly number[] = [100, 1_000, 2_500, 6_000];

/** @returns what was found not to hold, with all that was done, or null */
export async function runSchedule(seed: number, sabotage?: Sabotage): Promise<string | null> {
  const found = await play(seed, { sabotage });
  if (found === null || sabotage) return found;
  const trace: string[] = [];
  await play(seed, { trace });
  return [`seed ${seed}: ${found}`, ...trace].join('\n');
}

async function play(seed: number, options: FleetOptions): Promise<string | null> {
  const random = new Random(seed);
  const profile = profileOf(random);
  options.trace?.push(JSON.stringify(profile));
  const fleet = new Fleet(profile, random, options);
  const chance = new Chance(fleet, random);
  await fleet.start();
  for (let events = 6 + random.below(14); events > 0; events--) {
    chance.event();
    await fleet.clock.settle();
    await fleet.pass(random.pick(GAPS));
  }
  await fleet.end(chance.topics, PLAIN, () => ({ turn: 'right', paces: [1], breaksAfter: null }));
  return fleet.invariants.findings.first;
}

class Chance {
  readonly topics: readonly Topic[];
  readonly #fleet: Fleet;
  readonly #random: Random;

  constructor(fleet: Fleet, random: Random) {
    this.#fleet = fleet;
    this.#random = random;
    const keys = ['a', 'b'].slice(random.below(2));
    this.topics = keys.map((key) => ({ key, kind: random.pick(KINDS), shared: random.once(2), other: null }));
  }

  event(): void {
    const { profile, alive } = this.#fleet;
    const random = this.#random;
    const chance = random.below(100);
    const node = random.pick(alive);
    if (chance < 70) this.#ask();
    else if (chance < 78) profile.hasLeavers && random.pick(this.#fleet.askers)?.asker.leave();
    else if (chance < 86) profile.hasPurges && this.#purge(node);
    else if (chance < 91) profile.hasOutages && this.#cutOff();
    else if (chance < 94) profile.hasDeaths && alive.length > 1 && this.#fleet.kill(node);
    else if (chance < 95) profile.losesLogs && this.#loseLog();
    else if (chance < 97) node.memory.delete(random.pick(this.topics).key);
    else if (!isCalm(profile)) this.#evict(random.pick(this.topics).key);
  }

  #ask(): void {
    const random = this.#random;
    const { profile, alive } = this.#fleet;
    const permissions: Permission[] = [PLAIN, PLAIN, PLAIN, PLAIN];
    if (profile.hasRefreshes) permissions.push(REFRESH, REVALIDATES, { ...REVALIDATES, ttl: 2 }, STALE_IF_ERROR);
    const pace = profile.hasLeavers ? random.pick(PACES) : 'eager';
    const topic = random.pick(this.topics);
    this.#fleet.ask(random.pick(alive), topic, random.pick(permissions), pace, () => this.#plan());
  }

  #purge(node: FleetNode): void {
    const topic = this.#random.pick(this.topics);
    this.#fleet.purge(node, topic.key);
    if (this.#random.once(2)) this.#fleet.ask(node, topic, PLAIN, 'eager', () => this.#plan());
  }

  #plan(): CallPlan {
    const random = this.#random;
    const { hasBadAnswers } = this.#fleet.profile;
    return {
      turn: hasBadAnswers ? random.pick(BAD_TURNS) : 'right',
      paces: [random.pick(CALL_PACES), random.pick(CALL_PACES), random.pick(CALL_PACES)],
      breaksAfter: hasBadAnswers && random.once(5) ? random.below(3) : null,
    };
  }

  #cutOff(): void {
    const { server, clock, cutOff, nodes } = this.#fleet;
    const random = this.#random;
    const ms = random.pick(OUTAGES);
    if (random.once(3)) {
      this.#fleet.say(() => `the hub is gone for ${ms}`);
      server.isUp = false;
      clock.after(ms, () => void (server.isUp = true));
    } else {
      const { name } = random.pick(nodes);
      this.#fleet.say(() => `${name} is cut off for ${ms}`);
      cutOff.add(name);
      clock.after(ms, () => void cutOff.delete(name));
    }
  }

  /** Everywhere but in files. */
  #evict(key: string): void {
    this.#fleet.say(() => `${key} is evicted`);
    this.#fleet.shared.entries.delete(key);
    for (const { memory } of this.#fleet.alive) memory.delete(key);
  }

  #loseLog(): void {
    const log = this.#fleet.server.log('purges');
    this.#fleet.say(() => 'the log is lost');
    if (this.#random.once(2)) log.lose();
    else log.loseTail(1);
  }
}
