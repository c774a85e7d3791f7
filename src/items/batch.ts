/**
 * A batch: a request with a list of inputs, each of which would be answered alike on its own. It is one only where
 * every field of its body is known to leave the inputs independent.
 */
import { isUtf8 } from 'node:buffer';
import type { Endpoint } from '../endpoint.ts';
import { headerOf, type RawHeaders } from '../response/entry.ts';
import { afterSpace, eachItem, endOfValue, sliceObject } from './slices.ts';

export interface InputBatch {
  /** The body before its list of inputs, and after it. */
  readonly before: string;
  readonly after: string;
  /** The different inputs, in order of first appearance. */
  readonly inputs: readonly BatchInput[];
  /** The number of the input that stands at each place of the list. */
  readonly places: readonly number[];
}

export interface BatchInput {
  /** As the body has it. */
  readonly source: string;
  /** As the key of a request with this input alone has it. */
  readonly canonical: string;
  /** Its part in what a batch takes: tokens where it is a list of them, else bytes. */
  readonly weight: number;
}

/** Endpoints whose inputs are independent. The scores of a rerank depend on each other. */
const SPLIT: ReadonlySet<Endpoint> = new Set(['embeddings', 'moderations']);

/** The fields that say nothing of how inputs depend on each other, and the values that each may have. */
const FIELDS: ReadonlyMap<string, RegExp> = new Map([
  ['model', /^"/],
  ['input', /^\[/],
  ['dimensions', /^\d+$/],
  ['encoding_format', /^"/],
  ['user', /^"/],
]);

/** Headers that hold for these very bytes. */
const OF_BYTES = [
  'content-encoding',
  'signature',
  'digest',
  'content-digest',
  'content-md5',
  'x-amz-content-sha256',
] as const;

/** The longest list that is split: more than OpenAI takes, few enough to be joined in one go. */
const MOST_INPUTS = 4_096;

/** The longest body that is split, in bytes: it is read on the event loop. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Tests whether a body that comes with this head may be sent otherwise than it came. */
export function maySplit(endpoint: Endpoint, headers: RawHeaders): boolean {
  if (!SPLIT.has(endpoint) || OF_BYTES.some((name) => headerOf(headers, name) !== undefined)) return false;
  return !/^\s*AWS4-/i.test(headerOf(headers, 'authorization') ?? '');
}

/** @param body that is known to be a JSON object @returns null where it goes whole */
export function readBatch(body: Buffer): InputBatch | null {
  if (body.length > MOST_BYTES || !isUtf8(body)) return null;
  const text = body.toString();
  const object = sliceObject(text, afterSpace(text, 0));
  const list = object?.names.indexOf('input') ?? -1;
  if (object === null || list === -1) return null;
  const { names, starts, ends } = object;
  const isKnown = (name: string, at: number) => FIELDS.get(name)?.test(text.slice(starts[at], ends[at]));
  if (!names.every(isKnown)) return null;
  const [start, end] = [starts[list] as number, ends[list] as number];
  const inputs = readInputs(text, start);
  return inputs && { before: text.slice(0, start), after: text.slice(end), ...inputs };
}

/** The body that asks for these inputs of a batch alone. */
export function bodyFor({ before, after, inputs }: InputBatch, asked: readonly number[]): Buffer {
  return Buffer.from(`${before}[${asked.map((at) => (inputs[at] as BatchInput).source).join(',')}]${after}`);
}

function readInputs(text: string, at: number): Pick<InputBatch, 'inputs' | 'places'> | null {
  const inputs: BatchInput[] = [];
  const places: number[] = [];
  const known = new Map<string, number>();
  const isRead = eachItem(text, at, (start) => {
    const end = endOfValue(text, start);
    const source = text.slice(start, end);
    const canonical = canonicalInput(source);
    // All of one kind: what a server makes of a mixed list is not known.
    if (canonical === null || canonical[0] !== (inputs[0]?.canonical ?? canonical)[0]) return null;
    if (places.length === MOST_INPUTS) return null;
    const place = known.get(canonical) ?? inputs.length;
    if (place === inputs.length) {
      inputs.push({ source, canonical, weight: weightOf(canonical) });
      known.set(canonical, place);
    }
    places.push(place);
    return end;
  });
  return isRead && places.length > 0 ? { inputs, places } : null;
}

/** A text or a list of tokens, as canonical text has it; null for anything else, and where readers may differ on it. */
function canonicalInput(source: string): string | null {
  if (source.startsWith('"')) {
    if (!source.includes('\\')) return source;
    const text = JSON.parse(source) as string;
    return text.isWellFormed() ? JSON.stringify(text) : null;
  }
  if (!source.startsWith('[') || source.lastIndexOf('[') > 0 || /[^[\]\d,\s]/.test(source)) return null;
  const tokens = source.replaceAll(/\s+/g, '');
  return tokens === '[]' ? null : tokens;
}

function weightOf(canonical: string): number {
  if (canonical.startsWith('"')) return Buffer.byteLength(canonical) - 1;
  let tokens = 1;
  for (let at = canonical.indexOf(','); at !== -1; at = canonical.indexOf(',', at + 1)) tokens++;
  return tokens;
}
