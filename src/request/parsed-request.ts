/**
 * A request, read: the text that names it, the form of the answer and what a
 * whole answer has; or else why the request is not cacheable.
 *
 * Reading never refuses a request: what is not understood is left to the
 * upstream, uncached.
 */
import type { Dialect } from '../dialect.ts';
import { readsAsOpenai } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { BodyFields } from './body-fields.ts';
import { type Bypasses, isDecidedBy, whyBypass } from './bypasses.ts';
import { type Canonical, canonicalize, foldCase, type Ignored, type Shape } from './canonical.ts';
import type { Counts } from './counts.ts';
import { ASSUMES_NOTHING } from './endpoints/request-endpoint.ts';
import { REQUEST_ENDPOINTS } from './endpoints/table.ts';
import { FORM_FIELDS } from './fields.ts';
import type { Form } from './form.ts';
import type { CacheMode } from './policy.ts';
import { NotCanonical } from './scan.ts';
import type { StateReason } from './state.ts';

/** Why the body of a request keeps it out of the cache. */
export type WhyNotCacheable = 'not-json' | 'not-object' | 'ambiguous' | 'not-deterministic' | StateReason;

export interface ParsedRequest extends Counts {
  /** Null where the request does not say. */
  readonly model: string | null;
  readonly form: Form;
  /** The canonical text of the body, without what only chooses the form. */
  readonly text: string;
  /** True where the text of the answer is asked to be JSON. */
  readonly jsonText: boolean;
  /** True where the model is asked to say anything. */
  readonly output: boolean;
  /** True where the same answer could be asked for as a stream. */
  readonly isStreamable: boolean;
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
  { endpoint: name, dialect, ignored, mode, bypasses }: ParseOptions,
  body: Buffer,
): ParsedRequest | WhyNotCacheable {
  const endpoint = REQUEST_ENDPOINTS[name];
  // Nothing is known of what other upstreams assume than those that read a body as OpenAI does.
  const canonical = understand(body, ignored, readsAsOpenai(dialect) ? endpoint.assumed : ASSUMES_NOTHING);
  if (typeof canonical === 'string') return canonical;
  if (isAmbiguous(canonical, endpoint.decidingNames, bypasses)) return 'ambiguous';
  const fields = new BodyFields(canonical.members);
  const stateful = endpoint.whyStateful(fields) ?? whyBypass(bypasses, endpoint.isGenerative, fields);
  if (stateful) return stateful;
  if (mode === 'deterministic' && endpoint.isGenerative && isDrawn(fields)) return 'not-deterministic';
  const { form, understood } = endpoint.chooseForm(fields.get('stream'), fields.get('stream_options'));
  const model = fields.get('model');
  return {
    model: typeof model === 'string' ? model : null,
    form,
    text: understood ? canonical.text : canonical.text + formText(canonical.members),
    ...endpoint.counts(fields),
    jsonText: endpoint.asksForJson(fields),
    output: !OUTPUT_LIMITS.some((name) => fields.get(name) === 0),
    isStreamable: isStreamable(fields),
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

/** Tests whether a name that decides stands twice, too deep to be read, or in a case that some servers take for it. */
function isAmbiguous({ uncertain, members }: Canonical, deciding: ReadonlySet<string>, bypasses: Bypasses): boolean {
  for (const name of uncertain) if (deciding.has(name) || isDecidedBy(bypasses, name)) return true;
  for (const name of members.keys()) if (!deciding.has(name) && deciding.has(foldCase(name))) return true;
  return false;
}

/** Tests whether sampling is neither switched off nor seeded. */
function isDrawn(fields: BodyFields): boolean {
  return fields.get('temperature') !== 0 && typeof fields.get('seed') !== 'number';
}

/** Text completions stream neither the best of several nor the log probabilities of their prompts. */
function isStreamable(fields: BodyFields): boolean {
  const best = fields.get('best_of') ?? 1;
  const showsPrompt = (fields.get('echo') ?? false) !== false && (fields.get('logprobs') ?? null) !== null;
  return best === 1 && !showsPrompt;
}

/** Follows the closing brace of the canonical text, where nothing else can stand. */
function formText(members: ReadonlyMap<string, string>): string {
  return FORM_FIELDS.map((name) => ` ${name}=${members.get(name) ?? ''}`).join('');
}

/** Where one of these is 0, the answer is to say nothing. */
const OUTPUT_LIMITS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;
