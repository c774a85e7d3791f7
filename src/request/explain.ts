/**
 * Why two requests do or do not share an answer: both names, what each was
 * made of, and where they differ.
 */
import type { Endpoint } from '../endpoint.ts';
import { type Difference, differencesOf, MAX_DIFFERENCES } from './difference.ts';
import { isKnownField } from './endpoints/table.ts';
import type { ExplainedRequest } from './explained-request.ts';
import { fingerprint, keyOf, type Parts } from './fingerprint.ts';
import type { Form } from './form.ts';
import { readHeaderFields } from './header-fields.ts';
import { meaningOf } from './meaning.ts';
import { computeKey } from './key.ts';
import { isLeftOutByEngine } from './other-dialect.ts';
import { parseHead, type Rules } from './parsed-head.ts';
import type { WrittenRequest } from './written-request.ts';

/** One side, as it is reported. `key`: the first 16 digits of its fingerprint, as in `x-refrain-key`. */
export type Side =
  | { readonly key: string; readonly form: Form; readonly parts: Parts }
  | { readonly key: null; readonly why: string };

type Hinted = Difference & { readonly hint?: string };

export interface Explanation {
  /** The value of `key.ignore` that would have them share an answer; null where none should. */
  readonly ignore: string | null;
  /** True where one answer serves both. */
  readonly same: boolean;
  /** The pointer of the first difference. */
  readonly first: string | null;
  readonly differences: readonly Hinted[];
  readonly a: Side;
  readonly b: Side;
}

/**
 * @returns the name that a request would be given, or why it has none
 * @throws RefrainError where it would be refused
 */
export function nameWritten(rules: Rules, { method, path, headers, body }: WrittenRequest): ExplainedRequest | string {
  const head = { method, url: path, fields: readHeaderFields(headers) };
  const { keyContext, route } = parseHead(rules, head);
  if (rules.explainExchange) return rules.explainExchange(head, route, body);
  if (keyContext === null) return 'route';
  const keyed = computeKey(keyContext, body);
  if (typeof keyed === 'string') return keyed;
  const { endpoint, dialect } = keyContext;
  return { endpoint, dialect, form: keyed.form, parts: keyed.parts as Parts };
}

export function explain(rules: Rules, a: ExplainedRequest | string, b: ExplainedRequest | string): Explanation {
  const sides = { a: sideOf(a), b: sideOf(b) };
  if (typeof a === 'string' || typeof b === 'string')
    return { same: false, first: null, differences: [], ignore: null, ...sides };
  const found = differencesOf(a.parts, b.parts).map((difference) => withHint(rules, difference, a));
  const differences = [...found, ...formDifference(a.form, b.form)];
  const first = differences[0]?.pointer ?? null;
  return { same: differences.length === 0, first, differences, ignore: ignoreFor(differences, a), ...sides };
}

/** A request that is written without credentials, as its owner would ask it. */
export function askedBy(
  rules: Rules,
  scope: string,
  written: WrittenRequest,
  named: ExplainedRequest | string,
): ExplainedRequest | string {
  const fields = readHeaderFields(written.headers);
  if (typeof named === 'string' || fields.keys().some(rules.isScopeHeader)) return named;
  return { ...named, parts: { ...named.parts, scope } };
}

function sideOf(named: ExplainedRequest | string): Side {
  if (typeof named === 'string') return { key: null, why: named };
  const { form, parts, key = keyOf(fingerprint(parts), form) } = named;
  return { key: key.slice(0, 16), form, parts };
}

function formDifference(a: Form, b: Form): Difference[] {
  return a === b
    ? []
    : [
        {
          pointer: '/body/stream',
          a,
          b,
          note: 'each form of an answer has a key; forms says which are made from another',
        },
      ];
}

/** A name that the API does not know may be a label; whoever sends it knows. One that may say who asks is none. */
function withHint(rules: Rules, difference: Difference, { endpoint, dialect, parts }: ExplainedRequest): Hinted {
  const { pointer } = difference;
  if (dialect !== null && isLeftOutByEngine(rules.omissions, { dialect, pointer, body: parts.body })) {
    return { ...difference, hint: LABEL_HINT };
  }
  const entry = ignorable(pointer, endpoint);
  if (entry === null) return difference;
  return {
    ...difference,
    hint: `if it does not change the answer, key.ignore=default,${entry} leaves it out of the key`,
  };
}

/** The name by which `key.ignore` leaves out what differs; null where that could change the answer. */
function ignorable(pointer: string, endpoint: Endpoint | null): string | null {
  if (endpoint === null) return null;
  const [, place, name = ''] = pointer.split('/');
  const isField = place === 'body' && name !== '' && !isKnownField(endpoint, name);
  const isHeader = place === 'headers' && name !== 'x-refrain-variant';
  const entry = isHeader ? `header:${name}` : pointer.slice('/body'.length);
  return (isField || isHeader) && meaningOf(entry, true) === 'label' ? entry : null;
}

function ignoreFor(differences: readonly Difference[], { endpoint }: ExplainedRequest): string | null {
  const entries = differences.map(({ pointer }) => ignorable(pointer, endpoint));
  const isWhole = differences.length < MAX_DIFFERENCES && entries.every((entry) => entry !== null);
  return entries.length > 0 && isWhole ? ['default', ...entries].join() : null;
}

const LABEL_HINT = 'if the upstream answers from the rest of the body alone, dialect=engine leaves it out of the key';
