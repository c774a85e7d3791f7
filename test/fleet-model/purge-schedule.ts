/**
 * One schedule of fetches, reads, purges and faults among a few nodes, by chance
 * and in virtual time; it ends with the first answer that was purged and is served.
 */
import type { Entry } from '../../src/response/entry.ts';
import { type Gone, isGone } from '../../src/store/gone.ts';
import { createTestClock, type TestClock } from '../harness/clock.ts';
import { Random } from '../request/random.ts';
import { entryOf } from '../store/entries.ts';
import { type Flaw, labelOf, PurgeNode } from './purge-node.ts';
import { HubServer } from './simulated-hub.ts';

const KEYS = ['a', 'b', 'ct', 'dt'];
const NODES = ['one', 'two', 'three'];
const ACTS = 150;
/** A purge holds everywhere so long after it was confirmed, among nodes that reach the hub all that time. */
const GRACE_MS = 3_000;
const STEP_MS = 20;

interface ModelPurge {
  readonly gone: Gone;
  readonly node: PurgeNode;
  /** The run of its process: another one need not know of it. */
  readonly run: string;
  readonly at: number;
  confirmedAt: number | null;
}

export interface Wrong {
  readonly seed: number;
  readonly what: string;
}

/** The first schedule of so many in which something that was purged is served. */
export async function firstWrong(count: number, flaw: Flaw = 'none'): Promise<Wrong | null> {
  for (let seed = 1; seed <= count; seed++) {
    const wrong = await new Schedule(seed, flaw).play();
    if (wrong) return wrong;
  }
  return null;
}

class Schedule {
  readonly #seed: number;
  readonly #random: Random;
  readonly #clock: TestClock = createTestClock(1_000_000);
  readonly #server: HubServer;
  readonly #shared = new Map<string, Entry>();
  readonly #nodes: readonly PurgeNode[];
  readonly #purges: ModelPurge[] = [];
  /** Since when each node, by its name, reaches the hub. */
  readonly #reachesSince = new Map<string, number>();
  readonly #cutOff = new Set<string>();
  /** When the hub was last in trouble. */
  #troubleAt = 0;
  #wrong: string | null = null;
  /** Either logs lose their end, or processes end: a purge that only these knew of may be lost for good. */
  readonly #losesEnds: boolean;

  constructor(seed: number, flaw: Flaw) {
    this.#seed = seed;
    this.#random = new Random(seed);
    const slowness = this.#random.pick([1, 10, 40]);
    const isLost = (node: string) => this.#cutOff.has(node.replace(/\d+$/, ''));
    this.#server = new HubServer(this.#clock, { delay: () => this.#random.below(slowness), isLost });
    this.#server.log('purges').most = this.#random.pick([3, 10, Infinity]);
    this.#losesEnds = this.#random.once(2);
    const shared = { server: this.#server, shared: this.#shared, clock: this.#clock, flaw };
    this.#nodes = NODES.map((name) => new PurgeNode({ name, ...shared }));
    for (const name of NODES) this.#reachesSince.set(name, this.#clock.now());
  }

  async play(): Promise<Wrong | null> {
    await this.#pass(500);
    for (let act = 0; act < ACTS && this.#wrong === null; act++) {
      this.#act();
      await this.#pass(this.#random.pick([0, STEP_MS, STEP_MS, 200, 1_000]));
    }
    this.#mend();
    await this.#pass(2 * GRACE_MS);
    for (const node of this.#nodes) for (const key of KEYS) void this.#read(node, key);
    await this.#pass(500);
    await Promise.all(this.#nodes.map((node) => node.stop()));
    return this.#wrong === null ? null : { seed: this.#seed, what: this.#wrong };
  }

  #act(): void {
    const [random, node] = [this.#random, this.#random.pick(this.#nodes)];
    const key = random.pick(KEYS);
    const chance = random.below(100);
    if (chance < 30) node.fetch(key, () => random.pick([1, 10, 500, 3_000]));
    else if (chance < 68) void this.#read(node, key);
    else if (chance < 85) void this.#purge(node, key);
    else if (chance < 93) this.#cut(node);
    else this.#fault(node);
  }

  async #read(node: PurgeNode, key: string): Promise<void> {
    const startedAt = this.#clock.now();
    const owed = this.#purges.filter((purge) => this.#isOwed(purge, node, key, startedAt));
    const said = await node.read(key);
    const broken = said === undefined ? undefined : owed.find(({ at }) => said < at);
    if (broken) this.#wrong ??= `${node.name} has ${key} of ${said} at ${startedAt} after ${JSON.stringify(broken)}`;
  }

  /** Tests whether a node that is asked now must know of a purge. */
  #isOwed({ gone, run, at, node: by, confirmedAt }: ModelPurge, node: PurgeNode, key: string, now: number): boolean {
    if (!isGone(gone, key, entryOf('', labelOf(key)))) return false;
    if (run === node.hubName && at < now) return true;
    const isSettled = (since: number) => since <= now - GRACE_MS;
    const mustRemember = !this.#losesEnds || isSettled(this.#reachesSince.get(by.name) ?? Infinity);
    const reaches = this.#server.isUp && isSettled(this.#reachesSince.get(node.name) ?? Infinity);
    return confirmedAt !== null && [confirmedAt, this.#troubleAt].every(isSettled) && reaches && mustRemember;
  }

  async #purge(node: PurgeNode, key: string): Promise<void> {
    const gone = this.#random.pick<Gone>([{ key }, { key }, { purge: { tag: 'tag' } }, { purge: {} }]);
    const at = this.#clock.now();
    const purge: ModelPurge = { gone, node, run: node.hubName, at, confirmedAt: null };
    this.#purges.push(purge);
    if (await node.purge(gone)) purge.confirmedAt = this.#clock.now();
  }

  #cut({ name }: PurgeNode): void {
    if (this.#cutOff.delete(name)) return void this.#reachesSince.set(name, this.#clock.now());
    this.#cutOff.add(name);
    this.#reachesSince.delete(name);
  }

  #fault(node: PurgeNode): void {
    const random = this.#random;
    const log = this.#server.log('purges');
    this.#troubleAt = this.#clock.now();
    if (random.once(2)) this.#server.isUp = !this.#server.isUp;
    else if (random.once(8)) {
      log.lose();
      if (random.once(2)) this.#shared.clear();
    } else if (this.#losesEnds) log.loseTail(random.below(4));
    else {
      void node.stop();
      node.start();
      this.#reachesSince.set(node.name, this.#clock.now());
      this.#cutOff.delete(node.name);
    }
  }

  #mend(): void {
    this.#server.isUp = true;
    this.#troubleAt = this.#clock.now();
    for (const name of this.#cutOff) this.#reachesSince.set(name, this.#clock.now());
    this.#cutOff.clear();
  }

  async #pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += STEP_MS) {
      this.#clock.advance(STEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
