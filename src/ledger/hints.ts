/**
 * Hints on why nothing hits: headers and fields that are new with every request
 * although the bodies repeat. Each is said once, in a line of the log, and
 * counted from then on.
 *
 * Misses alone are looked at. All is in memory, bounded, and digests under a
 * secret of this process: no value of a header or field is kept.
 */
import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Endpoint } from '../endpoint.ts';
import type { Log } from '../log.ts';
import type { Parts } from '../request/fingerprint.ts';
import { pointerInRequest } from '../request/json-pointer.ts';
import { meaningOf } from '../request/meaning.ts';
import type { WantsNew } from '../request/policy.ts';
import { type Variable, variablesOf } from '../request/variables.ts';
import { type Advice, ADVICE_ON_NEW, adviceOn, adviceOnCaller, adviceOnNoStore, mayRepeat } from './advice.ts';
import { type Hint, HintList, type IsFirst, type Said, withdrawAdvice } from './hint-list.ts';
import { Repeats } from './repeats.ts';
import { NEEDED, Track } from './track.ts';

/** A request that missed. */
export interface Sighting {
  readonly endpoint: Endpoint;
  readonly key: string;
  /** The parts that its key was made of, with its body. */
  readonly parts: Parts;
  /** Names the caller's credential at this upstream. */
  readonly credential: string;
  /** Headers that belong to the scope and no credential, by name. */
  readonly callerHeaders?: ReadonlyMap<string, string>;
  /** Tests whether `engine` would leave out of the key what has this name, and the dialect of the upstream does not. */
  readonly isLeftOutByEngine?: (name: string) => boolean;
}

/** The last request with the same body, and where it differed: JSON Pointers into a request that is written down. */
export interface Twin {
  readonly key: string;
  readonly pointers: readonly string[];
}

/** Counts how often the answer under a key was served again; null where nothing is kept under it. */
export type UsesOf = (key: string) => Promise<number | null>;

export interface HintsOptions {
  readonly log: Log;
  readonly usesOf: UsesOf;
  /** The names that `key.ignore` has. */
  readonly ignored: readonly string[];
  /** Null where this process is alone. */
  readonly isFirst?: IsFirst | null;
}

/** A caller's requests to one endpoint of one upstream. */
type Lane = Map<string, Track>;

/** A request whose body may come again. */
interface SeenRequest {
  readonly key: string;
  readonly lane: Lane;
  /** Digests, by name. */
  readonly values: ReadonlyMap<string, number>;
}

const LANES = 128;
/** Of one lane: clients choose the names of headers. */
const MOST_TRACKS = 32;
const BODIES = 1_024;
/** One body of so many is remembered for longer, so that thousands may pass before one comes again. */
const SAMPLED = 16;

export class Hints {
  /** The names that `key.ignore` has now: a hint says what to write in their place. */
  ignored: readonly string[];
  readonly repeats: Repeats;
  readonly #options: HintsOptions;
  readonly #secret = randomBytes(16).toString('base64');
  readonly #lanes = new LRUCache<string, Lane>({ max: LANES });
  /** By the digest of lane and body. */
  readonly #bodies = new LRUCache<string, SeenRequest>({ max: BODIES });
  readonly #sampled = new LRUCache<string, SeenRequest>({ max: BODIES });
  readonly #byKey = new LRUCache<string, SeenRequest>({ max: BODIES });
  readonly #list: HintList;
  readonly #saidOf = new WeakMap<Track, Said>();
  /** Requests whose `Cache-Control` keeps them from hitting, by why. */
  readonly #controls = new Map<string, number>();

  constructor(options: HintsOptions) {
    this.#options = options;
    this.ignored = options.ignored;
    const { log, isFirst = null } = options;
    this.repeats = new Repeats(log, isFirst);
    this.#list = new HintList(log, isFirst);
  }

  list(): Hint[] {
    return this.#list.list();
  }

  /** Never throws. @returns the last request with the same body, where it is remembered */
  missed(sighting: Sighting): Twin | null {
    try {
      return this.#missed(sighting);
    } catch (err) {
      this.#options.log.error({ err }, 'a miss was not looked at for hints');
      return null;
    }
  }

  #missed(sighting: Sighting): Twin | null {
    const { endpoint, parts, credential, callerHeaders } = sighting;
    const found = variablesOf(endpoint, parts);
    if (found === null) return null;
    const { scope = '', upstream = '' } = parts;
    const place = `${upstream} ${endpoint} ${credential}`;
    if (callerHeaders && callerHeaders.size > 0) {
      const headers = [...callerHeaders].map(([name, value]) => ({ name: `caller:${name}`, value }));
      const tokens = headers.filter(({ name }) => mayRepeat(name));
      const names = headers.filter(({ name }) => !mayRepeat(name));
      // A token is new where who asks is still the same.
      this.#look(sighting, `tokens ${place} ${names.map(({ value }) => value).join()}`, tokens, found.rest);
      this.#look(sighting, `callers ${place}`, names, found.rest);
    }
    return this.#look(sighting, `${scope} ${place}`, found.variables, found.rest);
  }

  /** A request was answered by the call of another: nothing in it was new. */
  followed(key: string): void {
    const seen = this.#byKey.get(key);
    if (seen) for (const name of seen.values.keys()) this.#repeat(seen.lane.get(name));
  }

  /** A request was not even read. @param isHabit whether its `no-store` may be a library's */
  refusedToStore(isHabit: boolean): void {
    this.#control(`no-store ${isHabit}`, 'no-store', adviceOnNoStore(isHabit));
  }

  /** A request wanted no stored answer, by the header of every HTTP client. */
  wantedNew(directive: WantsNew): void {
    this.#control(directive, directive, ADVICE_ON_NEW);
  }

  #control(id: string, about: string, advice: Advice): void {
    const count = (this.#controls.get(id) ?? 0) + 1;
    this.#controls.set(id, count);
    if (count >= NEEDED) this.#list.say(id, about, advice, count === NEEDED ? NEEDED : 1);
  }

  #look(sighting: Sighting, laneName: string, variables: readonly Variable[], rest: string): Twin | null {
    const { key } = sighting;
    const digest = this.#digest(`${laneName} ${rest}`);
    const bodies = digest.readUInt8(0) % SAMPLED === 0 ? this.#sampled : this.#bodies;
    const body = digest.toString('base64');
    const before = bodies.get(body);
    // The same once more: it was not kept, or is tried again.
    if (before?.key === key) return null;
    const lane = this.#laneOf(laneName);
    const values = new Map(variables.map(({ name, value }) => [name, this.#digest(value).readUIntBE(0, 6)]));
    const seen = { key, lane, values };
    bodies.set(body, seen);
    this.#byKey.set(key, seen);
    for (const { name, value } of variables) {
      const now = values.get(name) as number;
      const last = before?.values.get(name);
      const track = trackOf(lane, name);
      if (!track) continue;
      track.see(value, now, key);
      const said = this.#saidOf.get(track);
      if (said && !track.isToken) withdrawAdvice(said);
      if (track.isRepeated) this.#repeat(track);
      else if (last !== undefined && last !== now) this.#miss(track, name, sighting);
    }
    if (!before) return null;
    const names = new Set([...values.keys(), ...before.values.keys()]);
    const pointers = [...names].filter((name) => values.get(name) !== before.values.get(name)).map(pointerInRequest);
    return pointers.length > 0 ? { key: before.key, pointers } : null;
  }

  #miss(track: Track, name: string, sighting: Sighting): void {
    track.missed += 1;
    const said = this.#saidOf.get(track);
    if (said) said.requests += 1;
    else if (track.isDue) void this.#consider(track, name, sighting);
  }

  /** Says the hint, unless some of those answers were hits after all, or few of them are kept. */
  async #consider(
    track: Track,
    name: string,
    { isLeftOutByEngine, parts: { upstream = '' } }: Sighting,
  ): Promise<void> {
    track.lookInto();
    const uses = await Promise.all(track.keys.map((key) => this.#options.usesOf(key).catch(() => null)));
    track.postpone();
    const kept = uses.filter((times) => times !== null);
    if (kept.some((times) => times > 0)) this.#repeat(track);
    if (track.isRepeated || kept.length < NEEDED / 2) return;
    const meaning = meaningOf(name, track.isToken);
    const advice = name.startsWith('caller:')
      ? adviceOnCaller(name)
      : adviceOn(name, meaning, this.ignored, isLeftOutByEngine?.(name) ?? false);
    const said = this.#list.say(`${upstream} ${name}`, name.replace(/^caller:/, 'header:'), advice, track.missed);
    if (said) this.#saidOf.set(track, said);
  }

  /** A value that comes twice keeps nothing from hitting, and its hint is taken back. */
  #repeat(track: Track | undefined): void {
    track?.repeat();
    const said = track?.isRepeated ? this.#saidOf.get(track) : undefined;
    if (!track || !said) return;
    said.requests -= track.missed;
    this.#saidOf.delete(track);
  }

  #laneOf(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) this.#lanes.set(name, (lane = new Map()));
    return lane;
  }

  #digest(text: string): Buffer {
    return hash('sha256', this.#secret + text, 'buffer');
  }
}

function trackOf(lane: Lane, name: string): Track | null {
  let track = lane.get(name);
  if (!track && lane.size < MOST_TRACKS) lane.set(name, (track = new Track(mayRepeat(name))));
  return track ?? null;
}
