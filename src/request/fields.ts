/**
 * What the key leaves out. Everything else is in it, known or not: a field that
 * nobody thought of costs a miss, never a wrong answer.
 *
 * The fields that the API knows are sorted here one by one, after the types of
 * its own SDK: one that is sorted nowhere, or both ways, does not compile.
 */
import type OpenAI from 'openai';
import type { Endpoint } from '../endpoint.ts';
import { ACCOUNTS, CREDENTIALS } from './caller.ts';
import type { Ignored } from './canonical.ts';
import { HOP_BY_HOP } from './header-fields.ts';

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

/** Body fields that are left out of the key, and why. */
export const IGNORED_FIELDS = [
  { fields: ['user', 'safety_identifier'], why: 'abuse labels, documented not to change the answer; the scope separates callers' },
  { fields: ['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options'], why: "hints to the upstream's own prefix cache" },
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
    messages: 'prompt', prediction: 'prompt',
    tools: 'tools', tool_choice: 'tools', parallel_tool_calls: 'tools', functions: 'tools', function_call: 'tools', web_search_options: 'tools',
    temperature: 'sampling', top_p: 'sampling', seed: 'sampling', frequency_penalty: 'sampling', presence_penalty: 'sampling', logit_bias: 'sampling',
    n: 'sampling', reasoning_effort: 'sampling', verbosity: 'sampling',
    response_format: 'output', modalities: 'output', audio: 'output', logprobs: 'output', top_logprobs: 'output', stop: 'output', max_tokens: 'output',
    max_completion_tokens: 'output',
    service_tier: 'service', store: 'service', moderation: 'service',
    stream: 'left out', stream_options: 'left out', user: 'left out', safety_identifier: 'left out', prompt_cache_key: 'left out',
    prompt_cache_retention: 'left out', prompt_cache_options: 'left out', metadata: 'left out',
  },
  completions: {
    model: 'model',
    prompt: 'prompt', suffix: 'prompt',
    temperature: 'sampling', top_p: 'sampling', seed: 'sampling', frequency_penalty: 'sampling', presence_penalty: 'sampling', logit_bias: 'sampling',
    n: 'sampling', best_of: 'sampling',
    echo: 'output', logprobs: 'output', stop: 'output', max_tokens: 'output',
    stream: 'left out', stream_options: 'left out', user: 'left out',
  },
  embeddings: { model: 'model', input: 'prompt', dimensions: 'output', encoding_format: 'output', user: 'left out' },
  moderations: { model: 'model', input: 'prompt' },
  responses: {
    model: 'model',
    input: 'prompt', instructions: 'prompt', prompt: 'prompt', previous_response_id: 'prompt', conversation: 'prompt', context_management: 'prompt',
    truncation: 'prompt', image: 'prompt',
    tools: 'tools', tool_choice: 'tools', parallel_tool_calls: 'tools', max_tool_calls: 'tools',
    temperature: 'sampling', top_p: 'sampling', reasoning: 'sampling',
    text: 'output', include: 'output', top_logprobs: 'output', max_output_tokens: 'output',
    service_tier: 'service', store: 'service', background: 'service', moderation: 'service', access_programs: 'service',
    stream: 'left out', stream_options: 'left out', user: 'left out', safety_identifier: 'left out', prompt_cache_key: 'left out',
    prompt_cache_retention: 'left out', prompt_cache_options: 'left out', metadata: 'left out', client_metadata: 'left out',
  },
};

/** Whether the API documents this field of a body. */
export function isKnownField(endpoint: Endpoint, name: string): boolean {
  return Object.hasOwn(FIELDS[endpoint], name);
}

/** Request headers that do not change an answer. `*` at the end stands for any ending. */
export const IGNORED_HEADERS: readonly { readonly names: readonly string[]; readonly why: string }[] = [
  { names: [...CREDENTIALS, ...ACCOUNTS], why: 'in the scope' },
  { names: [...HOP_BY_HOP, 'host', 'expect'], why: 'facts of one hop' },
  { names: ['content-length', 'content-encoding'], why: 'framing; the key is made from the body as it is decoded' },
  { names: ['accept', 'accept-*', 'cache-control', 'pragma', 'x-refrain-*'], why: 'form and cache control' },
  { names: ['user-agent', 'x-stainless-*', 'referer', 'http-referer', 'x-title', 'sec-*', 'dnt', 'priority', 'date'], why: 'who asks with what' },
  {
    names: [
      'x-request-id', 'x-client-request-id', 'x-correlation-id', 'idempotency-key', 'session-id', 'thread-id', 'x-session-*', 'x-codex-*',
      'traceparent', 'tracestate', 'baggage', 'b3', 'x-b3-*', 'x-amzn-trace-id', 'x-cloud-trace-context', 'x-datadog-*', 'sentry-trace', 'uber-trace-id',
    ],
    why: 'labels of one call',
  },
  { names: ['via', 'forwarded', 'x-forwarded-*', 'x-real-ip', 'cf-ray', 'cf-connecting-ip', 'cf-ipcountry', 'cf-visitor', 'cdn-loop'], why: 'the way that the request took' },
];

/** Which parts of a request stay out of its key. */
export interface Omissions {
  readonly body: Ignored;
  isIgnoredHeader(name: string): boolean;
}

/**
 * @param entries `default` for the tables above, JSON Pointers (RFC 6901) into the body, `header:NAME`
 */
export function createOmissions(entries: readonly string[]): Omissions {
  const pointers = entries.filter((entry) => entry.startsWith('/'));
  const names = new Set(entries.filter((entry) => entry.startsWith('header:')).map((entry) => entry.slice(7).toLowerCase()));
  const standard = entries.includes('default') ? IGNORED_FIELDS.flatMap(({ fields }) => fields.map((field) => `/${field}`)) : [];
  return {
    body: treeOf([...FORM_FIELDS.map((field) => `/${field}`), ...standard, ...pointers]),
    isIgnoredHeader: (name) => names.has(name) || isStandardHeader(name),
  };
}

const EXACT_HEADERS = new Set(IGNORED_HEADERS.flatMap(({ names }) => names.filter((name) => !name.endsWith('*'))));
const HEADER_PREFIXES = IGNORED_HEADERS.flatMap(({ names }) => names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1)));

function isStandardHeader(name: string): boolean {
  return EXACT_HEADERS.has(name) || HEADER_PREFIXES.some((prefix) => name.startsWith(prefix));
}

type Tree = Map<string, Tree | true>;

function treeOf(pointers: readonly string[]): Ignored {
  const tree: Tree = new Map();
  for (const pointer of pointers) {
    const tokens = pointer.slice(1).split('/').map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = tokens.pop() as string;
    let node: Tree | true = tree;
    for (const token of tokens) {
      if (node === true) break;
      if (!node.has(token)) node.set(token, new Map());
      node = node.get(token) as Tree | true;
    }
    if (node !== true) node.set(last, true);
  }
  return tree;
}

/** Top-level fields that an endpoint assumes where they are absent: absent and given then have one key. */
export function defaultsOf(endpoint: Endpoint): ReadonlyMap<string, string> {
  return endpoint === 'responses' ? STORED_BY_DEFAULT : NONE;
}

// An answer recorded with `store: false` cannot be retrieved or continued, so it must not answer a request that stores.
const STORED_BY_DEFAULT = new Map([['store', 'true']]);
const NONE = new Map<string, string>();
