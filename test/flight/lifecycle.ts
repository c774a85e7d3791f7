/**
 * The life of a flight from beginning to end, and what is done to it at each
 * point on the way.
 */
import { Dice } from '../request/random.ts';
import type { Kind } from './answers.ts';
import type { Manner } from './asker.ts';
import { ask, type Deed, PLAIN, type Stage } from './events.ts';
import { BOUNDLESS, type Setting, Surroundings } from './harness.ts';
import { World } from './model.ts';

export interface Circumstances {
  readonly kind: Kind;
  readonly shared: boolean;
  readonly onAbandon: Setting['onAbandon'];
  /** Of the request that asks first. */
  readonly first: Pick<Manner, 'pace' | 'leading'>;
  /** Whether most of what happens comes in the same turn of the event loop, before any promise settles. */
  readonly isHasty: boolean;
}

/** What is done before the point of this number. */
export interface Doing {
  readonly point: number;
  readonly deed: Deed;
}

const MAX_ENTRY_BYTES = 10_000;

/** Throws an answer in two chunks, and one more after the terminal event where there is one. */
const SEED = 43;

/** What happens by itself, where it still can. */
const LIFE: readonly Deed[] = [
  (stage) => ask(stage),
  ({ world, isMute }) => isMute || world.surroundings.store.lookups.forEach((lookup) => world.tell(lookup, 'now')),
  (stage) => ask(stage),
  ({ world }) => world.flying.forEach((call) => call.answer === null && world.begin(call, 'right')),
  ...Array<Deed>(3).fill(({ world }) => world.flying.forEach((call) => call.maySay && world.say(call))),
  ({ world }) => world.flying.forEach((call) => call.hasSaidAll && world.finish(call)),
  (stage) => ask(stage),
];

/** One more than the last point that something can be done before. */
export const POINTS = LIFE.length + 1;

export class Lives {
  readonly #surroundings = new Map<Setting['onAbandon'], Surroundings>();
  #lived = 0;

  /**
   * @param prepare is shown the world before anything happens in it
   * @returns the world at its end
   */
  async live(
    circumstances: Circumstances,
    doings: readonly Doing[],
    prepare: (world: World) => void = () => {},
  ): Promise<World> {
    const { kind, shared, onAbandon, first, isHasty } = circumstances;
    const surroundings =
      this.#surroundings.get(onAbandon) ??
      new Surroundings({ onAbandon, maxEntryBytes: MAX_ENTRY_BYTES, limits: BOUNDLESS });
    this.#surroundings.set(onAbandon, surroundings);
    const world = new World(surroundings, String(this.#lived++), new Dice(SEED));
    prepare(world);
    const stage: Stage = { world, topic: world.topic('a', kind, shared), isMute: false };
    const ticks = isHasty ? 0 : undefined;
    world.ask(stage.topic, { permission: PLAIN, ...first });
    for (const [point, happen] of [...LIFE, null].entries()) {
      for (const { deed } of doings.filter((doing) => doing.point === point)) {
        deed(stage);
        await this.#look(world, ticks);
      }
      happen?.(stage);
      await this.#look(world, happen && point % 2 === 1 ? undefined : ticks);
    }
    await world.end();
    await surroundings.store.close();
    return world;
  }

  /** What was found not to hold, or null. What has failed leaves surroundings that nobody else should live in. */
  async findingOf(
    circumstances: Circumstances,
    doings: readonly Doing[],
    prepare?: (world: World) => void,
  ): Promise<string | null> {
    const {
      rules: { findings },
    } = await this.live(circumstances, doings, prepare);
    if (findings.first !== null) this.#surroundings.clear();
    return findings.first;
  }

  async #look(world: World, ticks?: number): Promise<void> {
    world.rules.check();
    await world.rest(ticks);
  }
}
