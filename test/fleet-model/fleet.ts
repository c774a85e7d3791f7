/**
 * A modelled fleet: nodes over one hub, upstreams that answer by themselves, and
 * requests, all in one virtual time.
 */
import type { Permission } from '../../src/cache/question.ts';
import { readPurge } from '../../src/fleet/purge-record.ts';
import { Asker, type Pace, type Topic } from '../flight/asker.ts';
import type { Random } from '../request/random.ts';
import { type CallPlan, FleetCall } from './call.ts';
import { FleetInvariants } from './invariants.ts';
import { FleetNode, type Sabotage } from './node.ts';
import type { Profile } from './profile.ts';
import { SharedEntries } from './shared-store.ts';
import { HubServer } from './simulated-hub.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A request, and what its node knew when it came. */
export interface FleetAsker {
  readonly asker: Asker;
  readonly node: FleetNode;
  /** No answer that was asked for before this time may be given to it: it was purged. */
  readonly notBefore: number;
}

/** A purge that a node was asked for. */
interface OwnPurge {
  readonly node: FleetNode;
  readonly key: string;
  readonly at: number;
  isLogged: boolean;
}

export interface FleetOptions {
  /** Takes what is done, line by line. */
  readonly trace?: string[] | null;
  readonly sabotage?: Sabotage | undefined;
  /** True where no node has a file, and each aborts what everybody has left. */
  readonly isPlain?: boolean;
}

const START = Date.UTC(2026, 0, 1);

/** How long a rest is, in ms, and how many a schedule may have until all is over. */
const REST_MS = 1_000;
const RESTS = 160;
/** Long enough for silences to be noticed. */
const LAST_MS = 4_000;

export class Fleet {
  readonly profile: Profile;
  readonly clock = new VirtualClock(START);
  readonly shared = new SharedEntries();
  readonly server: HubServer;
  readonly nodes: readonly FleetNode[];
  readonly askers: FleetAsker[] = [];
  readonly calls: FleetCall[] = [];
  readonly invariants: FleetInvariants;
  /** The nodes that are cut off from the hub. */
  readonly cutOff = new Set<string>();
  readonly #random: Random;
  readonly #trace: string[] | null;
  readonly #purges: OwnPurge[] = [];
  /** When a node was asked for each purge, by the text of its record. */
  readonly #askedAt = new Map<string, number>();
  #isHealed = false;

  constructor(profile: Profile, random: Random, { trace = null, sabotage, isPlain = false }: FleetOptions = {}) {
    this.profile = profile;
    this.#random = random;
    this.#trace = trace;
    this.server = new HubServer(this.clock, {
      delay: () => random.below(profile.delay),
      isLost: (node) => !this.#isHealed && (this.cutOff.has(node) || (profile.lost > 0 && random.once(profile.lost))),
    });
    this.invariants = new FleetInvariants(this);
    this.shared.onWrite = (key, entry, fence, before) => this.invariants.onWrite(key, entry, fence, before);
    const log = this.server.log('purges');
    const append = log.append.bind(log);
    log.append = (text) => {
      const purge = this.#askedAt.has(text)
        ? null
        : this.#purges.find(({ key, isLogged }) => !isLogged && isOf(text, key));
      if (purge) {
        purge.isLogged = true;
        this.#askedAt.set(text, purge.at);
      }
      return append(text);
    };
    const claim = this.server.claim.bind(this.server);
    this.server.claim = (node, request) => {
      const claimed = claim(node, request);
      if (claimed.kind === 'granted') this.invariants.onGranted(request.token);
      this.say(() => `  ${node} claims ${request.token.slice(0, 4)} over ${request.takesOver}: ${claimed.kind}`);
      return claimed;
    };
    this.server.storedAt = (key) => this.shared.entries.get(key)?.storedAt;
    const names = ['A', 'B', 'C'].slice(0, 2 + random.below(2));
    this.nodes = names.map((name) => {
      const skew = profile.isSkewed ? random.pick([0, 3_600_000, -3_600_000]) : 0;
      const onAbandon = isPlain ? 'abort' : random.pick(['abort', 'finish'] as const);
      const hasFile = !isPlain && random.once(3);
      return new FleetNode({ name, server: this.server, shared: this.shared, skew, onAbandon, hasFile, sabotage });
    });
  }

  get alive(): FleetNode[] {
    return this.nodes.filter(({ isDead }) => !isDead);
  }

  say(what: () => string): void {
    this.#trace?.push(`${this.clock.now() - START}: ${what()}`);
  }

  async start(): Promise<void> {
    for (const node of this.nodes) void node.purges.start();
    await this.pass(200);
  }

  pass(ms: number): Promise<void> {
    return this.clock.passUntil(this.clock.now() + ms);
  }

  ask(node: FleetNode, topic: Topic, permission: Permission, pace: Pace, plan: () => CallPlan): void {
    const number = this.askers.length;
    const asker = new Asker({
      topic,
      manner: { permission, pace, leading: 'by hand' },
      now: this.clock.now(),
      step: number,
      findings: this.invariants.findings,
      onSettled: () => this.say(() => `  request ${number} is settled: ${asker.state}`),
    });
    this.askers.push({ asker, node, notBefore: this.#notBefore(node, topic.key) });
    this.say(() => `request ${number} for ${topic.key} at ${node.name}${permission.read ? '' : ', to refresh'}`);
    asker.ask(node.cache, (writer) => {
      if (node.isDead) return;
      const parts = {
        number: String(this.calls.length),
        topic,
        node: node.name,
        plan: plan(),
        clock: this.clock,
        writer,
      };
      this.calls.push(new FleetCall(parts, this.#random));
      this.say(() => `  ${node.name} makes call ${parts.number} for ${topic.key}, ${parts.plan.turn}`);
    });
  }

  purge(node: FleetNode, key: string): void {
    this.say(() => `${node.name} purges ${key}`);
    this.#purges.push({ node, key, at: this.clock.now(), isLogged: false });
    node.cache.removals.purge(key).then(
      () => this.say(() => `  ${node.name} has purged ${key}`),
      () => this.say(() => `  ${node.name} could not tell of its purge of ${key}`),
    );
  }

  kill(node: FleetNode): void {
    this.say(() => `${node.name} dies`);
    node.die();
    for (const call of this.calls) if (call.node === node.name && call.state === 'flying') call.state = 'aborted';
  }

  /** Ends all trouble, waits until everything is over, and asks everywhere once more. */
  async end(topics: readonly Topic[], permission: Permission, plan: () => CallPlan): Promise<void> {
    this.say(() => 'all is well again');
    this.#isHealed = true;
    this.cutOff.clear();
    this.server.isUp = true;
    await this.#rest();
    for (const node of this.alive) for (const topic of topics) this.ask(node, topic, permission, 'eager', plan);
    await this.#rest();
    await new Promise(setImmediate);
    await this.clock.settle();
    this.invariants.atEnd();
  }

  /** Waits until nothing is on its way, and a little longer. */
  async #rest(): Promise<void> {
    const isOver = () =>
      this.calls.every(({ state }) => state !== 'flying') &&
      this.askers.every(({ asker, node }) => asker.isOver || node.isDead);
    for (let rests = 0; rests < RESTS && !isOver(); rests++) await this.pass(REST_MS);
    // Not for so long that a lease which nobody gives back would end by itself.
    await this.pass(REST_MS);
    this.invariants.atRest();
    await this.pass(LAST_MS);
  }

  /** The time of the last purge of a key that a node knows of. */
  #notBefore(node: FleetNode, key: string): number {
    const own = this.#purges.filter((purge) => purge.node === node && purge.key === key).map(({ at }) => at);
    const { incarnation, records } = this.server.log('purges');
    const { mark } = node.purges;
    const last = records.find(({ id }) => id === mark?.id);
    // A log that lost its end may have gone on with other records under the same ids.
    const isKnown = mark?.log === incarnation && last && readPurge(last.text).record === mark.record;
    const read = isKnown ? records.filter(({ id, text }) => id <= mark.id && isOf(text, key)) : [];
    return Math.max(-Infinity, ...own, ...read.map(({ text }) => this.#askedAt.get(text) ?? -Infinity));
  }
}

function isOf(text: string, key: string): boolean {
  const { gone } = readPurge(text);
  return 'key' in gone && gone.key === key;
}
