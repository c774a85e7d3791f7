/**
 * Objects and numbered lists that a stream brings piece by piece, each member by the rule that a table has for it.
 */
import { refuse, refuseIf } from './refusal.ts';
import type { Gathered, Rule } from './rules.ts';
import { memberOf, type SourceValue } from './source-value.ts';
import { type WrittenMember, writeObject } from './written.ts';

/** The members that are known, and what is made of each. */
export type RuleTable = Readonly<Record<string, Rule>>;

/** The members of a whole object, by name. */
export type MemberTexts = ReadonlyMap<string, string>;

/** Says what stands in an object of these members, or refuses them. */
export type Finish = (members: MemberTexts) => readonly WrittenMember[];

const AS_THEY_ARE: Finish = (members) => [...members];

/** @param finish has the members in the order in which they came */
export function objectOf(table: RuleTable, finish: Finish = AS_THEY_ARE): () => GatheredObject {
  const rules: ReadonlyMap<string, Rule> = new Map(Object.entries(table));
  return () => new GatheredObject(rules, finish);
}

export class GatheredObject implements Gathered {
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #finish: Finish;
  /** The names of the members in the order in which they came first, and what came of each. */
  readonly #names: string[] = [];
  readonly #members: Gathered[] = [];
  #isObject = false;

  constructor(rules: ReadonlyMap<string, Rule>, finish: Finish) {
    this.#rules = rules;
    this.#finish = finish;
  }

  /** A null makes the member and adds nothing to it. */
  add({ kind, names, values }: SourceValue): void {
    if (kind === 'null') return;
    refuseIf(kind !== 'object', 'no object');
    this.#isObject = true;
    for (let at = 0; at < names.length; at += 1) this.#member(names[at] as string, at).add(values[at] as SourceValue);
  }

  /** @param at where it stands now: chunk by chunk, most members stand where they stood before */
  #member(name: string, at: number): Gathered {
    const place = this.#names[at] === name ? at : this.#names.indexOf(name);
    if (place !== -1) return this.#members[place] as Gathered;
    const begin = this.#rules.get(name) ?? refuse('a member that is not known');
    const member = begin();
    this.#names.push(name);
    this.#members.push(member);
    return member;
  }

  write(): string {
    if (!this.#isObject) return 'null';
    const texts = new Map<string, string>();
    for (const [at, name] of this.#names.entries()) {
      const text = this.#members[at]?.write();
      if (text !== undefined) texts.set(name, text);
    }
    return writeObject(...this.#finish(texts));
  }
}

/** Objects that say their place in an `index`, in whatever order they come; null says that there are none. */
export function numberedListOf(item: Rule): Rule {
  return () => new NumberedList(item);
}

/** More choices, or calls in one of them, are not asked for. */
const MOST_ITEMS = 128;

class NumberedList implements Gathered {
  readonly #begin: Rule;
  readonly #items: (Gathered | undefined)[] = [];
  #isList = false;

  constructor(begin: Rule) {
    this.#begin = begin;
  }

  add({ kind, values }: SourceValue): void {
    if (kind === 'null') return;
    refuseIf(kind !== 'array', 'no list');
    this.#isList = true;
    for (const value of values) this.#item(value).add(value);
  }

  #item(value: SourceValue): Gathered {
    const place = Number(memberOf(value, 'index')?.text);
    refuseIf(!Number.isInteger(place) || place < 0 || place >= MOST_ITEMS, 'an item without a place');
    return (this.#items[place] ??= this.#begin());
  }

  write(): string | undefined {
    if (!this.#isList) return undefined;
    const texts = Array.from(this.#items, (item) => item?.write() ?? refuse('a place without an item'));
    return `[${texts.join(',')}]`;
  }
}
