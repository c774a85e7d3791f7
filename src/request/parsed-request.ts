/**
 * What is asked: the text that names it, the form of the answer and what a
 * whole answer has; or else why the request is not cacheable.
 *
 * Reading never refuses a request: what is not understood is left to the
 * upstream, uncached.
 */
import type { Dialect } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Bypasses, isDecidedBy } from './bypasses.ts';
import { type Canonical, canonicalize, foldCase, type Ignored, type Shape } from './canonical.ts';
import { defaultsOf, FORM_FIELDS } from './fields.ts';
import { chooseForm, type Form } from './form.ts';
import type { CacheMode } from './policy.ts';
import { NotCanonical } from './scan.ts';
import { DECIDING_NAMES, type FieldReader, isDeterministic, type StateReason, whyStateful } from './state.ts';

/** Why the body of a request keeps it out of the cache. */
export type WhyNotCacheable = 'not-json' | 'not-object' | 'ambiguous' | 'not-deterministic' | StateReason;

export interface ParsedRequest {
  /** Null where the request does not say. */
  readonly model: string | null;
  readonly form: Form;
  /** The canonical text of the body, without what only chooses the form. */
  readonly text: string;
  /** How many choices a whole answer has. */
  readonly choices: number;
  /** How many prompts they answer. */
  readonly prompts: number;
  /** How many vectors or results a whole answer has; null where the request does not tell. */
  readonly inputs: number | null;
  /** Whether the text of the answer is asked to be JSON. */
  readonly jsonText: boolean;
  /** True where the model is asked to say anything. */
  readonly output: boolean;
}

/** Envelopes: objects whose members reach the model by name, never in their order. */
const PART: Shape = { sorted: true };
const MESSAGE: Shape = { sorted: true, members: new Map([['content', { sorted: false, items: PART }]]) };
const MESSAGES: Shape = { sorted: false, items: MESSAGE };
const BODY: Shape = {
  sorted: true,
  members: new Map([
    ['messages', MESSAGES],
    ['input', MESSAGES],
  ]),
};

/** How a body is read. */
export interface ParseOptions {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  readonly ignored: Ignored;
  readonly mode: CacheMode;
  readonly bypasses: Bypasses;
}

/** @param body the bytes as received, not encoded */
export function parseRequest(
  { endpoint, dialect, ignored, mode, bypasses }: ParseOptions,
  body: Buffer,
): ParsedRequest | WhyNotCacheable {
  const canonical = understand(body, ignored, defaultsOf(endpoint, dialect));
  if (typeof canonical === 'string') return canonical;
  if (isAmbiguous(canonical, bypasses)) return 'ambiguous';
  const fields = new ParsedFields(canonical.members);
  const stateful = whyStateful(endpoint, fields, bypasses);
  if (stateful) return stateful;
  if (mode === 'deterministic' && !isDeterministic(endpoint, fields)) return 'not-deterministic';
  const { form, understood } = chooseForm(endpoint, fields.get('stream'), fields.get('stream_options'));
  const model = fields.get('model');
  const prompts = countPrompts(endpoint, fields);
  return {
    model: typeof model === 'string' ? model : null,
    form,
    text: understood ? canonical.text : canonical.text + formText(canonical.members),
    choices: countEach(fields) * prompts,
    prompts,
    inputs: countInputs(endpoint, fields),
    jsonText: asksForJson(endpoint, fields),
    output: !OUTPUT_LIMITS.some((name) => fields.get(name) === 0),
  };
}

function understand(
  body: Buffer,
  ignored: Ignored,
  defaults: ReadonlyMap<string, string>,
): Canonical | 'not-json' | 'not-object' {
  try {
    return canonicalize(body, BODY, ignored, defaults);
  } catch (error) {
    if (error instanceof NotCanonical) return error.why;
    throw error;
  }
}

/** Whether a name that decides stands twice, too deep to be read, or in a case that some servers take for it. */
function isAmbiguous({ uncertain, members }: Canonical, bypasses: Bypasses): boolean {
  for (const name of uncertain) if (DECIDING_NAMES.has(name) || isDecidedBy(bypasses, name)) return true;
  for (const name of members.keys()) if (!DECIDING_NAMES.has(name) && DECIDING_NAMES.has(foldCase(name))) return true;
  return false;
}

/** Follows the closing brace of the canonical text, where nothing else can stand. */
function formText(members: ReadonlyMap<string, string>): string {
  return FORM_FIELDS.map((name) => ` ${name}=${members.get(name) ?? ''}`).join('');
}

/** Where one of these is 0, the answer is to say nothing. */
const OUTPUT_LIMITS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

class ParsedFields implements FieldReader {
  readonly #members: ReadonlyMap<string, string>;

  constructor(members: ReadonlyMap<string, string>) {
    this.#members = members;
  }

  get names(): Iterable<string> {
    return this.#members.keys();
  }

  get(name: string): unknown {
    const source = this.#members.get(name);
    return source === undefined ? undefined : JSON.parse(source);
  }
}

/** How many choices are asked for to each prompt. */
function countEach(fields: FieldReader): number {
  const each = fields.get('n');
  return typeof each === 'number' ? each : 1;
}

function countPrompts(endpoint: Endpoint, fields: FieldReader): number {
  return endpoint === 'completions' ? countTexts(fields.get('prompt')) : 1;
}

function countInputs(endpoint: Endpoint, fields: FieldReader): number | null {
  if (endpoint !== 'embeddings' && endpoint !== 'moderations') return null;
  const input = fields.get('input');
  if (endpoint === 'embeddings') return countTexts(input);
  // A list of content parts is one multi-modal input.
  return Array.isArray(input) && typeof input[0] === 'object' ? 1 : countTexts(input);
}

function asksForJson(endpoint: Endpoint, fields: FieldReader): boolean {
  const format = endpoint === 'responses' ? memberOf(fields.get('text'), 'format') : fields.get('response_format');
  const type = memberOf(format, 'type');
  return type === 'json_object' || type === 'json_schema';
}

function memberOf(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}

/** A text or one list of tokens is one input; a list of texts or of token lists is as many as it holds. */
function countTexts(value: unknown): number {
  return Array.isArray(value) && typeof value[0] !== 'number' ? value.length : 1;
}
