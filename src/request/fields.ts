/**
 * Body fields that the key leaves out. Everything else is in it, known or not:
 * a field that nobody thought of costs a miss, never a wrong answer.
 *
 * The fields that the API knows are sorted here one by one, after the types of
 * its own SDK: one that is sorted nowhere, or both ways, does not compile.
 */
import type OpenAI from 'openai';
import type { Dialect } from '../dialect.ts';
import type { Endpoint } from '../endpoint.ts';

/** What each endpoint may be asked, in all its variants. */
interface Params {
  readonly chat: OpenAI.ChatCompletionCreateParams;
  readonly completions: OpenAI.CompletionCreateParams;
  readonly embeddings: OpenAI.EmbeddingCreateParams;
  readonly moderations: OpenAI.ModerationCreateParams;
  // Codex sends labels of its own, which the types do not have.
  readonly responses: OpenAI.Responses.ResponseCreateParams | { client_metadata: unknown };
}

/** The fields of any variant: `keyof` alone gives those that all have. */
export type FieldOf<Variants> = Variants extends unknown ? keyof Variants : never;
type AnyField = { [E in Endpoint]: FieldOf<Params[E]> }[Endpoint];

/** Body fields that are left out where the upstream ignores labels, and why. */
export const IGNORED_FIELDS = [
  {
    fields: ['user', 'safety_identifier'],
    why: 'abuse labels, documented not to change the answer; the scope separates callers',
  },
  {
    fields: ['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options'],
    why: "hints to the upstream's own prefix cache",
  },
  { fields: ['metadata', 'client_metadata'], why: 'labels' },
] as const satisfies readonly { readonly fields: readonly AnyField[]; readonly why: string }[];

/** Left out always: where they say more than the form (see `form.ts`), the key has them in another place. */
export const FORM_FIELDS = ['stream', 'stream_options'] as const satisfies readonly AnyField[];

type LeftOut = (typeof IGNORED_FIELDS)[number]['fields'][number] | (typeof FORM_FIELDS)[number];

/** What a field in the key decides: who answers, from what, by which means, by what chance, in which shape, on which terms. */
export type Why = 'model' | 'prompt' | 'tools' | 'sampling' | 'output' | 'service';

export type FieldTable = {
  readonly [E in Endpoint]: { readonly [F in FieldOf<Params[E]>]: F extends LeftOut ? 'left out' : Why };
};

/** Every field that the API knows. */
export const FIELDS: FieldTable = {
  chat: {
    model: 'model',
    messages: 'prompt',
    prediction: 'prompt',
    tools: 'tools',
    tool_choice: 'tools',
    parallel_tool_calls: 'tools',
    functions: 'tools',
    function_call: 'tools',
    web_search_options: 'tools',
    temperature: 'sampling',
    top_p: 'sampling',
    seed: 'sampling',
    frequency_penalty: 'sampling',
    presence_penalty: 'sampling',
    logit_bias: 'sampling',
    n: 'sampling',
    reasoning_effort: 'sampling',
    verbosity: 'sampling',
    response_format: 'output',
    modalities: 'output',
    audio: 'output',
    logprobs: 'output',
    top_logprobs: 'output',
    stop: 'output',
    max_tokens: 'output',
    max_completion_tokens: 'output',
    service_tier: 'service',
    store: 'service',
    moderation: 'service',
    stream: 'left out',
    stream_options: 'left out',
    user: 'left out',
    safety_identifier: 'left out',
    prompt_cache_key: 'left out',
    prompt_cache_retention: 'left out',
    prompt_cache_options: 'left out',
    metadata: 'left out',
  },
  completions: {
    model: 'model',
    prompt: 'prompt',
    suffix: 'prompt',
    temperature: 'sampling',
    top_p: 'sampling',
    seed: 'sampling',
    frequency_penalty: 'sampling',
    presence_penalty: 'sampling',
    logit_bias: 'sampling',
    n: 'sampling',
    best_of: 'sampling',
    echo: 'output',
    logprobs: 'output',
    stop: 'output',
    max_tokens: 'output',
    stream: 'left out',
    stream_options: 'left out',
    user: 'left out',
  },
  embeddings: { model: 'model', input: 'prompt', dimensions: 'output', encoding_format: 'output', user: 'left out' },
  moderations: { model: 'model', input: 'prompt' },
  responses: {
    model: 'model',
    input: 'prompt',
    instructions: 'prompt',
    prompt: 'prompt',
    previous_response_id: 'prompt',
    conversation: 'prompt',
    context_management: 'prompt',
    truncation: 'prompt',
    image: 'prompt',
    tools: 'tools',
    tool_choice: 'tools',
    parallel_tool_calls: 'tools',
    max_tool_calls: 'tools',
    temperature: 'sampling',
    top_p: 'sampling',
    reasoning: 'sampling',
    text: 'output',
    include: 'output',
    top_logprobs: 'output',
    max_output_tokens: 'output',
    service_tier: 'service',
    store: 'service',
    background: 'service',
    moderation: 'service',
    access_programs: 'service',
    stream: 'left out',
    stream_options: 'left out',
    user: 'left out',
    safety_identifier: 'left out',
    prompt_cache_key: 'left out',
    prompt_cache_retention: 'left out',
    prompt_cache_options: 'left out',
    metadata: 'left out',
    client_metadata: 'left out',
  },
};

/** Whether the API documents this field of a body. */
export function isKnownField(endpoint: Endpoint, name: string): boolean {
  return Object.hasOwn(FIELDS[endpoint], name);
}

const LABELS: ReadonlySet<string> = new Set(IGNORED_FIELDS.flatMap(({ fields }): readonly string[] => fields));

/** Tests whether a field of a body is left out where the upstream ignores labels. */
export function isLabelField(name: string): boolean {
  return LABELS.has(name);
}

/** The ids that a client gives to what it wrote itself, in the input of a response; the model does not see them. */
export const AUTHORED_IDS = '/input/*/id';

/**
 * Top-level fields that an endpoint assumes where they are absent: absent and given then have one key. What an
 * upstream assumes whose documentation is not OpenAI's is not known.
 */
export function defaultsOf(endpoint: Endpoint, dialect: Dialect): ReadonlyMap<string, string> {
  return endpoint === 'responses' && dialect !== 'compatible' ? STORED_BY_DEFAULT : NONE;
}

// An answer recorded with `store: false` cannot be retrieved or continued, so it must not answer a request that stores.
const STORED_BY_DEFAULT = new Map([['store', 'true']]);
const NONE = new Map<string, string>();
