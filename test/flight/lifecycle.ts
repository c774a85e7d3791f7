/**
 * The life of a flight from beginning to end, and what is done to it at each
 * point on the way.
 */
import { Random } from '../request/random.ts';
import type { Kind } from './answers.ts';
import type { Manner } from './asker.ts';
import { ask, type FlightEvent, PLAIN, type EventContext } from './events.ts';
import { BOUNDLESS, type Setting, Harness } from './harness.ts';
import { Model } from './model.ts';

export interface Circumstances {
  readonly kind: Kind;
  readonly shared: boolean;
  readonly onAbandon: Setting['onAbandon'];
  /** Of the request that asks first. */
  readonly first: Pick<Manner, 'pace' | 'leading'>;
  /** True where most of what happens comes in one turn of the event loop, before any promise settles. */
  readonly isHasty: boolean;
}

/** An event before the point of this number. */
export interface Doing {
  readonly point: number;
  readonly event: FlightEvent;
}

const MAX_ENTRY_BYTES = 10_000;

/** Throws an answer in two chunks, and one more after the terminal event where there is one. */
const SEED = 43;

/** The events that come by themselves, where they still can. */
const LIFECYCLE: readonly FlightEvent[] = [
  (context) => ask(context),
  ({ model, isMute }) => isMute || model.harness.store.lookups.forEach((lookup) => model.settle(lookup, 'now')),
  (context) => ask(context),
  ({ model }) => model.flying.forEach((call) => call.answer === null && model.begin(call, 'right')),
  ...Array<FlightEvent>(3).fill(({ model }) => model.flying.forEach((call) => call.maySay && model.say(call))),
  ({ model }) => model.flying.forEach((call) => call.hasSaidAll && model.finish(call)),
  (context) => ask(context),
];

/** One more than the last point that something can be done before. */
export const POINTS = LIFECYCLE.length + 1;

export class Lifecycles {
  readonly #harness = new Map<Setting['onAbandon'], Harness>();
  #ran = 0;

  /**
   * @param prepare is shown the model before anything happens in it
   * @returns the model at its end
   */
  async run(
    circumstances: Circumstances,
    doings: readonly Doing[],
    prepare: (model: Model) => void = () => {},
  ): Promise<Model> {
    const { kind, shared, onAbandon, first, isHasty } = circumstances;
    const harness =
      this.#harness.get(onAbandon) ?? new Harness({ onAbandon, maxEntryBytes: MAX_ENTRY_BYTES, limits: BOUNDLESS });
    this.#harness.set(onAbandon, harness);
    const model = new Model(harness, String(this.#ran++), new Random(SEED));
    prepare(model);
    const context: EventContext = { model, topic: model.topic('a', kind, shared), isMute: false };
    const ticks = isHasty ? 0 : undefined;
    model.ask(context.topic, { permission: PLAIN, ...first });
    for (const [point, happen] of [...LIFECYCLE, null].entries()) {
      for (const { event } of doings.filter((doing) => doing.point === point)) {
        event(context);
        await this.#look(model, ticks);
      }
      happen?.(context);
      await this.#look(model, happen && point % 2 === 1 ? undefined : ticks);
    }
    await model.end();
    await harness.store.close();
    return model;
  }

  /** The first violation, or null. A failure leaves a harness that no other lifecycle may use. */
  async findingOf(
    circumstances: Circumstances,
    doings: readonly Doing[],
    prepare?: (model: Model) => void,
  ): Promise<string | null> {
    const {
      invariants: { findings },
    } = await this.run(circumstances, doings, prepare);
    if (findings.first !== null) this.#harness.clear();
    return findings.first;
  }

  async #look(model: Model, ticks?: number): Promise<void> {
    model.invariants.check();
    await model.rest(ticks);
  }
}
