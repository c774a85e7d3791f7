/**
 * Bodies that differ from another in one leaf: in what it says, its type, its
 * spelling, its name, its place, or whether it is there.
 */
import type { Random } from './random.ts';
import {
  array,
  isEnvelope,
  type Json,
  type Member,
  object,
  type Place,
  placeBelow,
  scalar,
  string,
  write,
} from './json.ts';

export interface Mutant {
  readonly kind: Kind;
  readonly json: Json;
}

type Of<K extends Json['kind']> = Extract<Json, { kind: K }>;
type Change<K extends Json['kind']> = (json: Of<K>, random: Random, spot: Spot) => Json | undefined;

interface Spot {
  readonly json: Json;
  readonly place: Place;
  /** Indices of members and items from the body down. */
  readonly path: readonly number[];
}

const STRINGS = {
  'code unit': ({ value }, random) => {
    if (value === '') return undefined;
    const at = random.below(value.length);
    const unit = (value.charCodeAt(at) + random.pick([1, 0x20, 0x80, 0xd800, 0xffff])) & 0xffff;
    return string(value.slice(0, at) + String.fromCharCode(unit) + value.slice(at + 1));
  },
  'longer text': ({ value }, random) => {
    const at = random.below(value.length + 1);
    return string(
      value.slice(0, at) +
        random.pick([' ', '\n', '\u0000', '\u200b', '\ufeff', '\ufffd', 'x', '"', '\\', '/', '"},{"', '":', ',']) +
        value.slice(at),
    );
  },
  'shorter text': ({ value }, random) => {
    const at = random.below(value.length);
    return string(value.slice(0, at) + value.slice(at + 1));
  },
  'case of a text': ({ value }) => string(value === value.toUpperCase() ? value.toLowerCase() : value.toUpperCase()),
  'normal form': ({ value }) => string(value.normalize(value === value.normalize('NFC') ? 'NFD' : 'NFC')),
  'text for a scalar': ({ value }) => (/^(-?\d+|true|false|null)$/.test(value) ? scalar(value) : undefined),
  'type of a text': (json, random) => otherLeaf(json, random),
} satisfies Record<string, Change<'string'>>;

const SCALARS = {
  'number spelling': ({ source }, random) => {
    if (!/\d/.test(source)) return undefined;
    if (/e/i.test(source)) return scalar(source.includes('e') ? source.replace('e', 'E') : source.replace('E', 'e'));
    return scalar(source + random.pick([source.includes('.') ? '0' : '.0', 'e0', 'E0', 'e+0', 'e-0']));
  },
  'last digit': ({ source }) => scalar(source.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))),
  'sign': ({ source }) =>
    /\d/.test(source) ? scalar(source.startsWith('-') ? source.slice(1) : `-${source}`) : undefined,
  'scalar as a text': ({ source }) => string(source),
  'type of a scalar': (json, random) => otherLeaf(json, random),
} satisfies Record<string, Change<'scalar'>>;

const ARRAYS = {
  'absent item': ({ items }, random) =>
    items.length === 0 ? undefined : array(items.toSpliced(random.below(items.length), 1)),
  'another item': ({ items }, random) =>
    array(items.toSpliced(random.below(items.length + 1), 0, random.pick([scalar('null'), string(''), array([])]))),
  'order of items': ({ items }, random) => swapped(items, random, write, array),
  'array for its item': ({ items: [item, ...others] }) => (item === undefined || others.length > 0 ? undefined : item),
  'other kind of empty': ({ items }) => (items.length === 0 ? object([]) : undefined),
} satisfies Record<string, Change<'array'>>;

const OBJECTS = {
  'absent member': ({ members }, random) =>
    members.length === 0 ? undefined : object(members.toSpliced(random.below(members.length), 1)),
  'another member': ({ members }, random) => {
    const name = random.pick(['x_new', 'x new', 'strict', 'cache_control', '', '0', '__proto__', 'constructor']);
    return members.some((member) => member.name === name)
      ? undefined
      : object([...members, { name, value: random.pick([scalar('null'), string(''), object([])]) }]);
  },
  'name': ({ members }, random) => {
    if (members.length === 0) return undefined;
    const at = random.below(members.length);
    const { name, value } = members[at] as Member;
    const other = random.pick([
      `${name} `,
      `${name}\u0000`,
      `${name}s`,
      name.slice(1),
      name.toUpperCase(),
      `"${name}"`,
    ]);
    return members.some((member) => member.name === other)
      ? undefined
      : object(members.toSpliced(at, 1, { name: other, value }));
  },
  'order of members': ({ members }, random, { place }) =>
    isEnvelope(place) ? undefined : swapped(members, random, ({ name }) => name, object),
  'other kind of empty': ({ members }) => (members.length === 0 ? array([]) : undefined),
} satisfies Record<string, Change<'object'>>;

const CHANGES = { string: STRINGS, scalar: SCALARS, array: ARRAYS, object: OBJECTS };

export type Kind = keyof typeof STRINGS | keyof typeof SCALARS | keyof typeof ARRAYS | keyof typeof OBJECTS;

/** Those that only move what is there. */
export const ORDER: readonly Kind[] = ['order of items', 'order of members'];
export const KINDS: readonly Kind[] = [
  ...new Set(Object.values(CHANGES).flatMap((changes) => Object.keys(changes) as Kind[])),
];

const TRIES = 4;

/** Makes mutants of one body, none of which is the body itself. */
export class Mutations {
  readonly #body: Of<'object'>;
  readonly #spots: readonly Spot[];
  readonly #untouched: readonly Member[];
  readonly #kinds: readonly Kind[];

  /** @param leftOut top-level members that are not touched */
  constructor(body: Json, leftOut: ReadonlySet<string>, kinds: readonly Kind[] = KINDS) {
    const { members } = body as Of<'object'>;
    this.#untouched = members.filter(({ name }) => leftOut.has(name));
    this.#body = object(members.filter(({ name }) => !leftOut.has(name))) as Of<'object'>;
    this.#spots = spotsOf({ json: this.#body, place: 'body', path: [] });
    this.#kinds = kinds;
  }

  /** Nothing where the body has no place for the kind that came up. */
  next(random: Random): Mutant | undefined {
    const kind = random.pick(this.#kinds);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const spot = random.pick(this.#spots);
      const change = (CHANGES[spot.json.kind] as Partial<Record<Kind, Change<Json['kind']>>>)[kind];
      const json = change?.(spot.json, random, spot);
      if (json === undefined || write(json) === write(spot.json)) continue;
      const { members } = replaced(this.#body, spot.path, json) as Of<'object'>;
      return members === undefined ? undefined : { kind, json: object([...members, ...this.#untouched]) };
    }
    return undefined;
  }
}

function spotsOf(spot: Spot): Spot[] {
  const { json, place, path } = spot;
  if (json.kind === 'array')
    return [
      spot,
      ...json.items.flatMap((item, at) => spotsOf({ json: item, place: placeBelow(place, json), path: [...path, at] })),
    ];
  if (json.kind !== 'object') return [spot];
  return [
    spot,
    ...json.members.flatMap(({ name, value }, at) =>
      spotsOf({ json: value, place: placeBelow(place, json, name), path: [...path, at] }),
    ),
  ];
}

function replaced(json: Json, [at, ...below]: readonly number[], by: Json): Json {
  if (at === undefined) return by;
  if (json.kind === 'array') return array(json.items.with(at, replaced(json.items[at] as Json, below, by)));
  const { members } = json as Of<'object'>;
  const { name, value } = members[at] as Member;
  return object(members.with(at, { name, value: replaced(value, below, by) }));
}

function swapped<T>(
  list: readonly T[],
  random: Random,
  told: (item: T) => string,
  made: (list: T[]) => Json,
): Json | undefined {
  if (list.length < 2) return undefined;
  const [one, other] = [random.below(list.length), random.below(list.length)];
  const [a, b] = [list[one] as T, list[other] as T];
  return told(a) === told(b) ? undefined : made(list.with(one, b).with(other, a));
}

function otherLeaf(json: Json, random: Random): Json {
  return random.pick([
    scalar('null'),
    scalar('true'),
    scalar('false'),
    scalar('0'),
    string(''),
    string(write(json)),
    array([]),
    object([]),
    array([json]),
  ]);
}
