/**
 * The parts of a request that stay out of its key: the tables, by the dialect
 * of the upstream, and what the operator adds to them or brings back.
 */
import { type Dialect, DIALECTS, readsAsOpenai } from '../dialect.ts';
import { ConfigError } from '../errors.ts';
import type { Ignored } from './canonical.ts';
import { AUTHORED_IDS, FORM_FIELDS, IGNORED_FIELDS, ITEM_NOTES } from './fields.ts';
import { createHeaderRules, isFixed } from './ignored-headers.ts';
import { segmentsOf } from './json-pointer.ts';
import { createMatcher } from './name-list.ts';

export interface Omissions {
  /** At an endpoint whose clients give no ids to what they wrote. */
  readonly body: Ignored;
  /** At one whose clients do. */
  readonly bodyWithIds: Ignored;
  /** @param name in lower case */
  isIgnoredHeader(name: string): boolean;
  /** True where `Cookie` is in the key without the cookies of balancers and bot filters. */
  readonly ignoresRouting: boolean;
}

export type OmissionsByDialect = Readonly<Record<Dialect, Omissions>>;

/** As `key.ignore` and `key.include` have it: JSON Pointers (RFC 6901; `*` is any one segment) and `header:NAME`. */
export interface KeySettings {
  /** `default` stands for the tables. */
  readonly ignore: readonly string[];
  readonly include: readonly string[];
}

/**
 * @param isScope whether a header is in the caller's scope, and so nowhere else
 * @throws ConfigError where a header is to be in the key that can be in none
 */
export function createOmissions(settings: KeySettings, isScope: (name: string) => boolean): OmissionsByDialect {
  for (const name of headersIn(settings.include)) if (isScope(name) || isFixed(name)) throw neverIncluded(name);
  const each = DIALECTS.map((dialect) => [dialect, omissionsOf(dialect, settings, isScope)] as const);
  return Object.fromEntries(each) as unknown as OmissionsByDialect;
}

function neverIncluded(name: string): ConfigError {
  return new ConfigError(
    `key.include names header:${name}, which is in no key: headers of the scope, of framing, of one hop and of ` +
      'cache control stay out of it; leave it out of key.include',
  );
}

type IsHeader = (name: string) => boolean;

function omissionsOf(dialect: Dialect, { ignore, include }: KeySettings, isScope: IsHeader): Omissions {
  const standard = ignore.includes('default');
  const isInRules = createHeaderRules(dialect, standard);
  const isAdded = createMatcher(headersIn(ignore));
  const isIncluded = createMatcher(headersIn(include));
  const bodyOf = (hasIds: boolean) =>
    bodyOmissions(standard ? dialect : null, hasIds, pointersIn(ignore), pointersIn(include));
  return {
    body: bodyOf(false),
    bodyWithIds: bodyOf(true),
    isIgnoredHeader(name) {
      if (isScope(name) || isFixed(name)) return true;
      return !isIncluded(name) && (isInRules(name) || isAdded(name));
    },
    ignoresRouting: standard && !isIncluded('cookie'),
  };
}

/** @param dialect whose table holds; null for none @param hasIds whether clients give ids to what they wrote */
function bodyOmissions(
  dialect: Dialect | null,
  hasIds: boolean,
  ignored: readonly string[],
  included: readonly string[],
): Ignored {
  const tree: PointerTree = new Map();
  const rules = IGNORED_FIELDS.filter(({ isIgnored }) => dialect !== null && isIgnored(dialect));
  const fields = [...FORM_FIELDS, ...rules.flatMap((rule): readonly string[] => rule.fields)];
  if (hasIds && dialect !== null && readsAsOpenai(dialect)) {
    plant(tree, segmentsOf(AUTHORED_IDS), 'authored');
    plant(tree, ['input', ANY, ITEM_NOTES], true);
  }
  for (const field of fields) plant(tree, [field], true);
  for (const pointer of ignored) plant(tree, segmentsOf(pointer), true);
  for (const pointer of included) keep(tree, segmentsOf(pointer));
  return tree;
}

function headersIn(entries: readonly string[]): string[] {
  const named = entries.filter((entry) => entry.startsWith('header:'));
  return named.map((entry) => entry.slice('header:'.length).toLowerCase());
}

function pointersIn(entries: readonly string[]): string[] {
  return entries.filter((entry) => entry.startsWith('/'));
}

/** The part below a segment. Of `*` and a segment's own, the own one is read alone, so it holds what `*` says too. */
type Node = PointerTree | true | 'authored';
type PointerTree = Map<string, Node>;

const ANY = '*';

/** Leaves out what a pointer names. */
function plant(tree: PointerTree, [first = '', ...rest]: readonly string[], leaf: true | 'authored'): void {
  const names = first === ANY ? new Set([ANY, ...tree.keys()]) : [first];
  for (const name of names) {
    const node = tree.get(name) ?? copied(tree.get(ANY));
    if (node === true) continue;
    if (rest.length === 0) tree.set(name, leaf);
    else {
      const below: PointerTree = node instanceof Map ? node : new Map();
      tree.set(name, below);
      plant(below, rest, leaf);
    }
  }
}

/** Brings back what a pointer names, and all below it. */
function keep(tree: PointerTree, [first = '', ...rest]: readonly string[]): void {
  const names = first === ANY ? new Set([ANY, ...tree.keys()]) : [first];
  for (const name of names) {
    const node = tree.get(name) ?? copied(tree.get(ANY));
    if (node === undefined) continue;
    if (rest.length === 0) tree.set(name, new Map());
    else {
      const below: PointerTree =
        node instanceof Map ? node : node === true ? new Map<string, Node>([[ANY, true]]) : new Map();
      tree.set(name, below);
      keep(below, rest);
    }
  }
}

function copied(node: Node | undefined): Node | undefined {
  return node instanceof Map ? new Map([...node].map(([name, below]) => [name, copied(below) as Node])) : node;
}
