/**
 * The properties of the keys of all bodies, however often they are tried: one for
 * all spellings of a body, and another for every other body. Declares tests.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dialect, DIALECTS } from '../../src/dialect.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import { keyFor, rulesWith } from '../harness/keys.ts';
import { BODIES, ENDPOINTS, PATHS } from './bodies.ts';
import { Random } from './random.ts';
import { type Json, treeOf, write } from './json.ts';
import { type Kind, KINDS, Mutations, ORDER } from './mutation.ts';
import { oddBody } from './odd-bodies.ts';
import { LEFT_OUT, meaningOf } from './reference.ts';
import { spell } from './spelling.ts';

/** How often each is tried. */
export interface KeyCounts {
  /** Pairs that differ in one leaf, and in one order. */
  readonly leaves: number;
  readonly orders: number;
  /** Pairs of spellings. */
  readonly spellings: number;
  /** Bodies of few words. */
  readonly odd: number;
  /** Texts that may not be JSON any more. */
  readonly damaged: number;
}

interface Place {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
}

interface Asked extends Place {
  readonly json: Json;
}

const TRIES_ON_EACH = 60;

const asked: fc.Arbitrary<Asked> = fc
  .tuple(
    fc.constantFrom(...DIALECTS),
    fc.oneof(...ENDPOINTS.map((endpoint) => BODIES[endpoint].map((body) => ({ endpoint, json: treeOf(body) })))),
  )
  .map(([dialect, body]) => ({ dialect, ...body }));

/** One caller asks all: reading its credentials anew would take longer than the rest. */
const RULES = new Map(
  DIALECTS.map((dialect) => {
    const rules = rulesWith({ dialect });
    const caller = rules.callerOf(new Map());
    return [dialect, { ...rules, callerOf: () => caller }];
  }),
);
const keyOf = ({ dialect, endpoint }: Place, body: string | Buffer) =>
  keyFor({ path: PATHS[endpoint], body }, RULES.get(dialect));
const isKey = (key: string) => /^[0-9a-f]{64}\./.test(key);

/** Tries a property on one body after another, each new, until what it returns, its tries, come to `count`. */
function tryOn(count: number, property: (asked: Asked, text: string, key: string, random: Random) => number): void {
  let tries = 0;
  const keys = new Set<string>();
  const tryOne = (asked: Asked, seed: number) => {
    const text = write(asked.json);
    const key = keyOf(asked, text);
    if (!isKey(key)) throw new Error(`there is no key but ${key} for ${text}`);
    if (keys.has(key)) return;
    keys.add(key);
    tries += property(asked, text, key, new Random(seed));
  };
  while (tries < count) fc.assert(fc.property(asked, fc.nat(), tryOne), { numRuns: 20 });
}

/** Counts what was tried, so that nothing is passed over unseen. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  mustHave(names: readonly string[]): void {
    expect(
      names.filter((name) => !this.#counts.has(name)),
      [...this.#counts].join(' '),
    ).toEqual([]);
  }
}

/** True where a mutant differs in an id alone that its client made up. */
function isLabelAlone({ dialect, endpoint, json }: Asked, changed: string): boolean {
  return meaningOf(dialect, endpoint, Buffer.from(write(json))) === meaningOf(dialect, endpoint, Buffer.from(changed));
}

/** No body shares its key with one that differs in one place. */
function tryMutants(count: number, kinds: readonly Kind[]): void {
  const tally = new Tally();
  tryOn(count, (asked, text, key, random) => {
    const { dialect, endpoint, json } = asked;
    const mutations = new Mutations(json, new Set(LEFT_OUT[dialect]), kinds);
    const seen = new Set([text]);
    for (let tries = 0; tries < TRIES_ON_EACH; tries += 1) {
      const mutant = mutations.next(random);
      const changed = mutant && write(mutant.json);
      if (changed === undefined || seen.has(changed)) continue;
      const other = keyOf(asked, changed);
      if (other === key && !isLabelAlone(asked, changed))
        throw new Error(
          `${dialect} ${endpoint} has one key for two bodies that differ in ${mutant?.kind}:\n${text}\n${changed}`,
        );
      // The mutated field may have made it a request that is not cached.
      if (!isKey(other)) continue;
      seen.add(changed);
      tally.add(endpoint);
      tally.add(dialect);
      tally.add(mutant?.kind as Kind);
    }
    return seen.size - 1;
  });
  tally.mustHave([...ENDPOINTS, ...DIALECTS, ...kinds]);
}

/** The bytes of a text, now and then with some that are not UTF-8 but decode to the same. */
function bytesOf(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  const at = random.once(2) ? -1 : bytes.indexOf('\ufffd');
  return at === -1
    ? bytes
    : Buffer.concat([bytes.subarray(0, at), Buffer.from([random.pick([0xff, 0xfe])]), bytes.subarray(at + 3)]);
}

/** Names and meanings, held against each other: each name has one meaning, and each meaning one name. */
class Dictionary {
  shared = 0;
  readonly #names = new Map<string, { key: string; body: Buffer }>();
  readonly #meanings = new Map<string, { meaning: string; body: Buffer }>();

  add(key: string, meaning: string, body: Buffer): void {
    const named = this.#names.get(meaning);
    const meant = this.#meanings.get(key);
    if (named && named.key !== key) throw new Error(`two keys for one meaning:\n${named.body}\n${body}`);
    if (meant && meant.meaning !== meaning) throw new Error(`one key for two meanings:\n${meant.body}\n${body}`);
    if (named) this.shared += 1;
    this.#names.set(meaning, { key, body });
    this.#meanings.set(key, { meaning, body });
  }

  get size(): number {
    return this.#names.size;
  }
}

function damaged(text: string, random: Random): string {
  const at = random.below(text.length);
  const insert = random.pick([
    '',
    '',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '\\u',
    'u00e9',
    '0',
    '1',
    '.',
    'e',
    '-',
    '+',
    ' ',
    '\n',
    '\t',
    '\u0000',
    '\u001f',
    '\u00a0',
    '\ufeff',
    '\u2028',
    '/',
    'null',
    '//',
  ]);
  return text.slice(0, at) + insert + text.slice(at + random.below(3));
}

export function keysKeepTheirWord({ leaves, orders, spellings, odd, damaged: damages }: KeyCounts): void {
  describe('a key', () => {
    test(`is not shared by bodies that differ in one leaf: ${leaves} pairs`, () => tryMutants(leaves, KINDS));

    test(`is not shared by bodies that differ in the order of items, or of inner members: ${orders} pairs`, () =>
      tryMutants(orders, ORDER));

    test(`is shared by all spellings of a body: ${spellings} pairs`, () => {
      tryOn(spellings, (asked, text, key, random) => {
        const seen = new Set([text]);
        for (let tries = 0; tries < TRIES_ON_EACH; tries += 1) {
          const spelling = spell(asked.json, random);
          if (keyOf(asked, spelling) !== key)
            throw new Error(`${asked.dialect} ${asked.endpoint} has two keys for two spellings:\n${text}\n${spelling}`);
          seen.add(spelling);
        }
        return seen.size - 1;
      });
    });

    test(`is shared exactly by bodies that a slow reference says ask the same: ${odd} bodies of few words`, () => {
      let [tries, shared] = [0, 0];
      const tryOne = (dialect: Dialect, endpoint: Endpoint, seed: number) => {
        const random = new Random(seed);
        const dictionary = new Dictionary();
        for (const body of variantsOfOddBodies(random)) {
          const key = keyOf({ dialect, endpoint }, body);
          if (isKey(key)) dictionary.add(key, meaningOf(dialect, endpoint, body), body);
          else if (key.startsWith('not-')) throw new Error(`${key}: ${body}`);
        }
        tries += dictionary.size + dictionary.shared;
        shared += dictionary.shared;
      };
      while (tries < odd)
        fc.assert(fc.property(fc.constantFrom(...DIALECTS), fc.constantFrom(...ENDPOINTS), fc.nat(), tryOne), {
          numRuns: 10,
        });
      expect(shared / tries).toBeGreaterThan(0.2);
      expect(shared / tries).toBeLessThan(0.8);
    });

    test(`is had by exactly the texts that JSON.parse takes for an object: ${damages} damaged texts`, () => {
      let [tries, refused] = [0, 0];
      const tryOne = (asked: Asked, seed: number) => {
        const random = new Random(seed);
        for (let each = 0; each < 20; each += 1) {
          const text = damagedOnceOrTwice(spell(each % 2 === 0 ? asked.json : oddBody(random), random), random);
          tries += 1;
          refused += isRefusedRightly(asked, text) ? 1 : 0;
        }
      };
      while (tries < damages) fc.assert(fc.property(asked, fc.nat(), tryOne), { numRuns: 10 });
      expect(refused / tries).toBeGreaterThan(0.2);
      expect(refused / tries).toBeLessThan(0.9);
    });
  });
}

/** Ten bodies, each in twenty variants and spellings. */
function* variantsOfOddBodies(random: Random): Generator<Buffer> {
  for (let bodies = 0; bodies < 10; bodies += 1) {
    const json = oddBody(random);
    const mutations = new Mutations(json, new Set());
    for (let variants = 0; variants < 20; variants += 1) {
      const variant = random.once(3) ? json : (mutations.next(random)?.json ?? json);
      yield bytesOf(random.once(2) ? spell(variant, random) : write(variant), random);
    }
  }
}

function damagedOnceOrTwice(text: string, random: Random): string {
  const once = random.once(2);
  return once ? damaged(text, random) : damaged(damaged(text, random), random);
}

/** @throws where JSON.parse and the key disagree about a text */
function isRefusedRightly(asked: Asked, text: string): boolean {
  const key = keyOf(asked, text);
  const wanted = isJsonObject(text);
  if (wanted === key.startsWith('not-')) throw new Error(`JSON.parse says ${wanted}, the key ${key}:\n${text}`);
  return !wanted;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
