/**
 * Answers with all that is understood, and changes of them by which they are refused: each rule of the room decides at
 * least one of these.
 */
import type { Endpoint } from '../../src/endpoint.ts';
import { MESSAGES, type Sample, sampleOf } from './samples.ts';

export interface Case extends Sample {
  readonly to: string;
  readonly isDerived: boolean;
  /** Headers in the place of the usual ones. */
  readonly headers?: readonly string[];
  readonly status?: number;
  readonly isStreamable?: boolean;
  readonly bytes?: Buffer;
}

/** JSON of which nothing is known. */
type Wire = ReturnType<typeof JSON.parse>;

type Change = (answer: Wire) => unknown;

const USAGE = { prompt_tokens: 17, completion_tokens: 1, total_tokens: 18 };
const HEAD = { id: 'chatcmpl-1', created: 1, model: 'm', service_tier: 'default', system_fingerprint: 'fp' };
const TOKEN = { token: 'a', logprob: -0.1, bytes: [97], top_logprobs: [] };
const CITED = [{ type: 'url_citation', url: 'u' }];
const ENDED = { stop_reason: 'x', matched_stop: 7, native_finish_reason: 'STOP', token_ids: null };
const AT_THE_END = { timings: { prompt_n: 1 }, moderation: { flagged: false } };

const FUNCTION_CALL = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
const CUSTOM_CALL = { id: 'call_2', type: 'custom', custom: { name: 'c', input: 'do' } };

const copy = (value: unknown): Wire => JSON.parse(JSON.stringify(value));

/** A chat completion that says all that is understood. */
const CHAT_DOCUMENT = {
  ...HEAD,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'hi',
        refusal: null,
        reasoning_content: 't1',
        reasoning: 't2',
        thinking: 't3',
        annotations: CITED,
        tool_calls: [FUNCTION_CALL, CUSTOM_CALL],
        function_call: null,
        audio: null,
      },
      logprobs: { content: [TOKEN], refusal: null },
      finish_reason: 'tool_calls',
      ...ENDED,
      prompt_logprobs: null,
      prompt_token_ids: null,
      routed_experts: null,
    },
    {
      index: 1,
      message: { role: 'assistant', content: null, refusal: 'no' },
      logprobs: { content: null, refusal: [TOKEN] },
      finish_reason: 'content_filter',
    },
    {
      index: 2,
      message: { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' }, tool_calls: [] },
      logprobs: null,
      finish_reason: 'function_call',
    },
    { index: 3, message: { role: 'assistant', content: '' }, logprobs: { content: [TOKEN] }, finish_reason: 'length' },
    { index: 4, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' },
  ],
  usage: USAGE,
  ...AT_THE_END,
  prompt_logprobs: null,
  prompt_token_ids: null,
  prompt_text: null,
  kv_transfer_params: null,
  ec_transfer_params: null,
  metrics: null,
};

/** Much of what vLLM writes is null. */
const VLLM_DOCUMENT =
  '{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":' +
  '{"role":"assistant","content":"hi","refusal":null,"annotations":null,"audio":null,"function_call":null,' +
  '"tool_calls":[],"reasoning_content":null},"logprobs":null,"finish_reason":"stop","stop_reason":null,' +
  '"token_ids":null}],"service_tier":null,"system_fingerprint":null,"usage":{"prompt_tokens":9,' +
  '"total_tokens":10,"completion_tokens":1,"prompt_tokens_details":null},"prompt_logprobs":null,' +
  '"prompt_token_ids":null,"kv_transfer_params":null}';

/** LiteLLM has a place for what only one provider says, and leaves it empty. */
const LITELLM_DOCUMENT =
  '{"id":"chatcmpl-1","created":1,"model":"m","object":"chat.completion","choices":[{"finish_reason":"stop",' +
  '"index":0,"message":{"content":"hi","role":"assistant","provider_specific_fields":{"refusal":null}},' +
  '"provider_specific_fields":{},"logprobs":null}],' +
  '"usage":{"completion_tokens":1,"prompt_tokens":9,"total_tokens":10}}';

/** As Foundry Local and LitServe write it: a member for all that any message may have. */
const FILLED_DOCUMENT =
  '{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":' +
  '{"role":"assistant","content":"hi","name":null,"tool_calls":null,"tool_call_id":null},"finish_reason":"stop"}],' +
  '"usage":{"prompt_tokens":9,"total_tokens":10,"completion_tokens":1}}';

const choice = (index: number, delta: object, others: object = {}): Wire => ({
  index,
  delta,
  finish_reason: null,
  ...others,
});
const call = (index: number, members: object) => ({ tool_calls: [{ index, ...members }] });

/** The chunks of one that brings all that is understood. */
const CHAT_CHUNKS: readonly Wire[] = [
  [choice(0, { role: 'assistant', content: '', refusal: null, audio: null }, { logprobs: null, token_ids: null })],
  [choice(0, { reasoning_content: 'a' })],
  [choice(0, { reasoning_content: 'b', reasoning: 'c' })],
  [choice(0, { thinking: 'd' })],
  [choice(1, { role: 'assistant', content: null, refusal: '' })],
  [choice(0, { content: 'hi ' }, { logprobs: { content: [TOKEN], refusal: null } })],
  [choice(0, { content: 'there', annotations: CITED }, { logprobs: { content: [TOKEN], refusal: null } })],
  [choice(1, { refusal: 'no' }, { logprobs: { content: null, refusal: [TOKEN] } })],
  [choice(0, call(0, { id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }))],
  [choice(0, call(1, { id: 'call_2', type: 'custom', custom: { name: 'c', input: 'd' } }))],
  [choice(0, call(0, { function: { arguments: '{}' } })), choice(0, call(1, { custom: { input: 'o' } }))],
  [choice(2, { role: 'assistant', function_call: { name: 'f', arguments: '' } })],
  [choice(2, { function_call: { arguments: '{}' } })],
  [choice(3, { role: 'assistant', content: 'x' }), choice(4, { role: 'assistant', content: 'y' })],
  [choice(0, {}, { ...ENDED, finish_reason: 'tool_calls', logprobs: null })],
  [choice(1, {}, { finish_reason: 'content_filter' })],
  [choice(2, {}, { finish_reason: 'function_call' })],
  [choice(3, {}, { finish_reason: 'length' }), choice(4, {}, { finish_reason: 'stop' })],
].map((choices) => ({
  ...HEAD,
  object: 'chat.completion.chunk',
  choices,
  usage: null,
  obfuscation: 'p4d',
  prompt_token_ids: null,
  prompt_text: null,
}));

const LAST_CHUNK = { ...HEAD, object: 'chat.completion.chunk', choices: [], usage: USAGE };

const CHAT_STREAM = [...CHAT_CHUNKS, { ...LAST_CHUNK, ...AT_THE_END }];

const LOGPROBS = { tokens: ['a'], token_logprobs: [-0.1], top_logprobs: [{ a: -0.1 }], text_offset: [0] };

/** As llama.cpp writes them. */
const CHAT_LOGPROBS = { content: [TOKEN] };

const COMPLETION_DOCUMENT = {
  ...HEAD,
  object: 'text_completion',
  choices: [
    { index: 0, text: 'a', logprobs: LOGPROBS, finish_reason: 'stop', ...ENDED, prompt_logprobs: null },
    { index: 1, text: 'b', logprobs: null, finish_reason: 'length' },
    { index: 2, text: 'c', finish_reason: 'content_filter' },
  ],
  usage: USAGE,
};

const COMPLETION_STREAM = [
  [{ index: 0, text: 'a', logprobs: LOGPROBS, finish_reason: null, prompt_logprobs: null, prompt_token_ids: null }],
  [{ index: 1, text: 'b', logprobs: null, finish_reason: 'length' }],
  [{ index: 2, text: 'c', finish_reason: 'content_filter' }],
  [{ index: 0, text: '', logprobs: LOGPROBS, finish_reason: 'stop', ...ENDED }],
  [],
].map((choices) => ({
  ...HEAD,
  object: 'text_completion',
  choices,
  usage: choices.length === 0 ? USAGE : null,
  timings: choices.length === 0 ? { n: 1 } : null,
  obfuscation: '',
}));

const done = (chunks: readonly unknown[]) =>
  [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'].join('');

/** The events of a stream whose types are named twice. */
const typed = (events: readonly Wire[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  background: false,
  billing: null,
  completed_at: 2,
  conversation: null,
  error: null,
  frequency_penalty: 0,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  model: 'm',
  moderation: null,
  parallel_tool_calls: true,
  presence_penalty: 0,
  previous_response_id: null,
  prompt: null,
  prompt_cache_key: null,
  prompt_cache_options: null,
  prompt_cache_retention: null,
  reasoning: {},
  safety_identifier: null,
  service_tier: 'default',
  store: true,
  temperature: 1,
  text: {},
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
  user: null,
};

const REASONING = {
  id: 'rs_1',
  type: 'reasoning',
  status: 'completed',
  summary: [{ type: 'summary_text', text: 's' }],
  content: [{ type: 'reasoning_text', text: 't' }],
  encrypted_content: 'gAAA',
};
const SAYING = {
  id: 'msg_1',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  phase: 'final',
  content: [
    { type: 'output_text', text: 'hi', annotations: CITED, logprobs: [TOKEN] },
    { type: 'refusal', refusal: 'no' },
  ],
};
const FUNCTION_ITEM = {
  id: 'fc_1',
  type: 'function_call',
  status: 'completed',
  call_id: 'c1',
  name: 'f',
  arguments: '{}',
};
const CUSTOM_ITEM = { id: 'ct_1', type: 'custom_tool_call', status: 'completed', call_id: 'c2', name: 'c', input: 'i' };

const RESPONSE_DOCUMENT = { ...RESPONSE, output: [REASONING, SAYING, FUNCTION_ITEM, CUSTOM_ITEM] };

const part = { item_id: 'x', output_index: 0, content_index: 0 };
const summary = { item_id: 'x', output_index: 0, summary_index: 0 };
const called = { item_id: 'x', output_index: 0 };
const delta = { delta: 'a', obfuscation: 'p' };

/** All events that are understood; the last one decides. */
const RESPONSE_STREAM: readonly Wire[] = [
  { type: 'response.created', response: { ...RESPONSE, output: [] } },
  { type: 'response.in_progress', response: { ...RESPONSE, output: [] } },
  { type: 'keepalive' },
  { type: 'response.output_item.added', output_index: 0, item: REASONING },
  { type: 'response.reasoning_summary_part.added', ...summary, part: {} },
  { type: 'response.reasoning_summary_text.delta', ...summary, ...delta },
  { type: 'response.reasoning_summary_text.done', ...summary, text: 's' },
  { type: 'response.reasoning_summary_part.done', ...summary, part: {}, status: 'completed' },
  { type: 'response.reasoning_text.delta', ...part, ...delta },
  { type: 'response.reasoning_text.done', ...part, text: 't' },
  { type: 'response.output_item.done', output_index: 0, item: REASONING },
  { type: 'response.content_part.added', ...part, part: {} },
  { type: 'response.output_text.delta', ...part, ...delta, logprobs: [] },
  { type: 'response.output_text.annotation.added', ...part, annotation_index: 0, annotation: {} },
  { type: 'response.output_text.done', ...part, text: 'hi', logprobs: [] },
  { type: 'response.content_part.done', ...part, part: {} },
  { type: 'response.refusal.delta', ...part, ...delta },
  { type: 'response.refusal.done', ...part, refusal: 'no' },
  { type: 'response.output_item.done', output_index: 1, item: SAYING },
  { type: 'response.function_call_arguments.delta', ...called, ...delta },
  { type: 'response.function_call_arguments.done', ...called, name: 'f', arguments: '{}' },
  { type: 'response.output_item.done', output_index: 2, item: FUNCTION_ITEM },
  { type: 'response.custom_tool_call_input.delta', ...called, ...delta },
  { type: 'response.custom_tool_call_input.done', ...called, input: 'i' },
  { type: 'response.output_item.done', output_index: 3, item: CUSTOM_ITEM },
  { type: 'response.completed', response: RESPONSE_DOCUMENT },
];

const numbered = (events: readonly Wire[]) =>
  typed(events.map(({ type, ...others }, at) => ({ type, sequence_number: at, ...others })));

const MESSAGE_USAGE = {
  input_tokens: 9,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation: {},
  output_tokens: 1,
  service_tier: 'standard',
  inference_geo: 'global',
  speed: 'standard',
};
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [] as unknown[],
  stop_reason: null as string | null,
  stop_sequence: null,
  stop_details: null,
  container: null,
  usage: MESSAGE_USAGE as object,
};
const GROWN = { server_tool_use: null, output_tokens_details: { thinking_tokens: 3 } };

const MESSAGE_DOCUMENT = {
  ...MESSAGE,
  content: [
    { type: 'text', text: 'hi', citations: CITED },
    { type: 'thinking', thinking: 't', signature: 's' },
    { type: 'redacted_thinking', data: 'd' },
    { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
    { type: 'text', text: '', citations: null },
    { type: 'tool_use', id: 'toolu_2', name: 'f', input: {} },
  ],
  stop_reason: 'tool_use',
  usage: { ...MESSAGE_USAGE, ...GROWN, output_tokens: 318 },
};

const blockDelta = (index: number, type: string, members: object) => ({
  type: 'content_block_delta',
  index,
  delta: { type, ...members },
});

const MESSAGE_STREAM: readonly Wire[] = [
  { type: 'message_start', message: MESSAGE },
  { type: 'ping' },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '', citations: [] } },
  blockDelta(0, 'citations_delta', { citation: CITED[0] }),
  blockDelta(0, 'text_delta', { text: 'h' }),
  blockDelta(0, 'text_delta', { text: 'i' }),
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'thinking', thinking: '', signature: '' } },
  blockDelta(1, 'thinking_delta', { thinking: 't' }),
  blockDelta(1, 'signature_delta', { signature: 's' }),
  { type: 'content_block_stop', index: 1 },
  { type: 'content_block_start', index: 2, content_block: { type: 'redacted_thinking', data: 'd' } },
  { type: 'content_block_stop', index: 2 },
  {
    type: 'content_block_start',
    index: 3,
    content_block: { type: 'tool_use', id: 'u', name: 'f', input: {}, caller: {} },
  },
  blockDelta(3, 'input_json_delta', { partial_json: '{"a":' }),
  blockDelta(3, 'input_json_delta', { partial_json: '1.0}' }),
  { type: 'content_block_stop', index: 3 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'tool_use', stop_sequence: null, stop_details: null },
    usage: {
      input_tokens: 9,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 318,
      ...GROWN,
    },
  },
  { type: 'message_stop' },
];

interface Base {
  readonly endpoint: Endpoint;
  readonly form: string;
  readonly to: string;
  readonly value: unknown;
  readonly write: (value: Wire) => string;
}

const BASES = {
  'chat document': { endpoint: 'chat', form: 'json', to: 'sse+usage', value: CHAT_DOCUMENT, write: JSON.stringify },
  'chat stream': { endpoint: 'chat', form: 'sse+usage', to: 'json', value: CHAT_STREAM, write: done },
  'chat stream without usage': {
    endpoint: 'chat',
    form: 'sse+usage',
    to: 'sse',
    value: [...CHAT_CHUNKS, LAST_CHUNK],
    write: done,
  },
  'chat stream without padding': { endpoint: 'chat', form: 'sse', to: 'sse+plain', value: CHAT_STREAM, write: done },
  'completion document': {
    endpoint: 'completions',
    form: 'json',
    to: 'sse+usage',
    value: COMPLETION_DOCUMENT,
    write: JSON.stringify,
  },
  'completion stream': {
    endpoint: 'completions',
    form: 'sse+usage',
    to: 'json',
    value: COMPLETION_STREAM,
    write: done,
  },
  'response document': {
    endpoint: 'responses',
    form: 'json',
    to: 'sse',
    value: RESPONSE_DOCUMENT,
    write: JSON.stringify,
  },
  'response stream': { endpoint: 'responses', form: 'sse', to: 'json', value: RESPONSE_STREAM, write: numbered },
  'response stream without padding': {
    endpoint: 'responses',
    form: 'sse',
    to: 'sse+plain',
    value: RESPONSE_STREAM,
    write: numbered,
  },
  'message document': { endpoint: 'messages', form: 'json', to: 'sse', value: MESSAGE_DOCUMENT, write: JSON.stringify },
  'message stream': { endpoint: 'messages', form: 'sse', to: 'json', value: MESSAGE_STREAM, write: typed },
} as const satisfies Record<string, Base>;

type BaseName = keyof typeof BASES;

/** An answer that is changed in one place. @param change of the value; what it returns, if anything, takes its place */
function changed(base: BaseName, name: string, isDerived: boolean, change: Change, others: Partial<Case> = {}): Case {
  const { endpoint, form, to, value, write } = BASES[base];
  const answer = copy(value);
  const instead = change(answer);
  const body = typeof instead === 'string' ? instead : write(instead ?? answer);
  return { name: `${base}: ${name}`, endpoint, form, to, body, isDerived, ...others };
}

const whole = (base: BaseName) => changed(base, 'as it is', true, () => undefined);

type Told = readonly [name: string, change: Change];

const refused = (base: BaseName, ...told: readonly Told[]) =>
  told.map(([name, change]) => changed(base, name, false, change));
const accepted = (base: BaseName, ...told: readonly Told[]) =>
  told.map(([name, change]) => changed(base, name, true, change));

/** The change of a member that a path of names leads to; undefined takes it away. */
const set =
  (path: string, value: unknown): Change =>
  (answer) => {
    const names = path.split('.');
    const last = names.pop() as string;
    const place = names.reduce((within, name) => (name === 'last' ? within.at(-1) : within[name]), answer);
    if (value === undefined) delete place[last];
    else place[last] = value;
  };

/** One line for each place: the same member that nobody knows. */
const unknownAt = (...paths: readonly string[]): Told[] =>
  paths.map((path) => [`a member that is not known at ${path}`, set(path === '' ? 'x_new' : `${path}.x_new`, null)]);

const text =
  (change: (body: string) => string, write: (value: Wire) => string): Change =>
  (answer) =>
    change(write(answer));
const json = (change: (body: string) => string) => text(change, JSON.stringify);
const chunks = (change: (body: string) => string) => text(change, done);

const drop =
  (at: number): Change =>
  (events) => {
    events.splice(at, 1);
  };
const insert =
  (at: number, event: unknown): Change =>
  (events) => {
    events.splice(at < 0 ? events.length : at, 0, event);
  };

const CHAT_CASES: readonly Case[] = [
  whole('chat document'),
  ...accepted(
    'chat document',
    ['a call that says its place', set('choices.0.message.tool_calls.1.index', 1)],
    ['in many lines', (answer) => JSON.stringify(answer, null, 2)],
    ['a function without arguments', set('choices.2.message.function_call.arguments', '')],
    ['as vLLM writes it', () => VLLM_DOCUMENT],
    ['as LiteLLM writes it', () => LITELLM_DOCUMENT],
    ['as LitServe writes it', () => FILLED_DOCUMENT],
    ['no logprobs for a refusal', set('choices.1.logprobs', null)],
  ),
  ...refused(
    'chat document',
    ...unknownAt(
      '',
      'choices.0',
      'choices.0.message',
      'choices.0.logprobs',
      'choices.0.message.tool_calls.0',
      'choices.0.message.tool_calls.0.function',
      'choices.0.message.tool_calls.1.custom',
      'choices.2.message.function_call',
    ),
    ['another object', set('object', 'chat')],
    ['no choices', set('choices', [])],
    ['choices that are none', set('choices', {})],
    ['a choice that is none', set('choices.0', 7)],
    ['a choice in the place of another', set('choices.1.index', 0)],
    ['a choice without a place', set('choices.0.index', undefined)],
    ['a choice without a message', set('choices.0.message', undefined)],
    ['a choice that has not ended', set('choices.0.finish_reason', null)],
    ['a choice that ended in an error', set('choices.0.finish_reason', 'error')],
    ['no usage', set('usage', undefined)],
    ['usage of nothing', set('usage', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })],
    ['logprobs of a prompt', set('prompt_logprobs', [null])],
    ['the tokens of a prompt', set('prompt_token_ids', [1])],
    ['parameters of a transfer', set('kv_transfer_params', {})],
    ['parameters of another transfer', set('ec_transfer_params', {})],
    ['the text of a prompt', set('prompt_text', 'x')],
    ['how long it took', set('metrics', { e2e: 1 })],
    ['the experts of a choice', set('choices.0.routed_experts', [[1]])],
    ['the tokens of a choice', set('choices.0.token_ids', [1])],
    ['logprobs of the prompt of a choice', set('choices.0.prompt_logprobs', [1])],
    ['the tokens of the prompt of a choice', set('choices.0.prompt_token_ids', [1])],
    ['what one provider says of a choice', set('choices.0.provider_specific_fields', { a: [1] })],
    ['what one provider says', set('choices.0.message.provider_specific_fields', { a: 1 })],
    ['the name of its author', set('choices.0.message.name', 'a')],
    ['a call that it answers', set('choices.0.message.tool_call_id', 'call_1')],
    ['a role that is not known', set('choices.0.message.role', 'tool')],
    ['audio', set('choices.0.message.audio', { id: 'a' })],
    ['content that is no text', set('choices.0.message.content', [])],
    ['no content', set('choices.0.message.content', undefined)],
    ['a refusal that is no text', set('choices.0.message.refusal', {})],
    ['thoughts that are no text', set('choices.0.message.thinking', {})],
    ['citations that are no list', set('choices.0.message.annotations', {})],
    ['calls that are no list', set('choices.0.message.tool_calls', {})],
    ['a call in the place of another', set('choices.0.message.tool_calls.1.index', 0)],
    ['a call without an id', set('choices.0.message.tool_calls.0.id', '')],
    ['a call of no type', set('choices.0.message.tool_calls.0.type', undefined)],
    ['a call of a type that is not known', set('choices.0.message.tool_calls.0.type', 'mcp')],
    ['a call of two types', set('choices.0.message.tool_calls.0.custom', null)],
    ['a call of nothing', set('choices.0.message.tool_calls.0.function', undefined)],
    ['a call without a name', set('choices.0.message.tool_calls.0.function.name', '')],
    ['arguments that are no text', set('choices.0.message.tool_calls.0.function.arguments', {})],
    ['a name that stands twice', json((body) => body.replace('"created":1', '"created":1,"created":1'))],
    ['more than one value', json((body) => `${body}{}`)],
    ['no end', json((body) => body.slice(0, -1))],
    ['no comma', json((body) => body.replace(',"created"', ' "created"'))],
    ['no colon', json((body) => body.replace('"created":1', '"created" 1'))],
    ['no name', json((body) => body.replace('"created"', 'created'))],
    ['a number that is none', json((body) => body.replace('"created":1', '"created":01'))],
    ['a word that is none', json((body) => body.replace('null', 'nulx'))],
    ['another sign for a comma', json((body) => body.replace(',"created"', ';"created"'))],
    ['another sign for a colon', json((body) => body.replace('"created":', '"created"='))],
    ['another sign for a quote', json((body) => body.replace('"created"', 'xcreated"'))],
    ['an escape without its digits', json((body) => body.replace('"hi"', '"\\uzzzz"'))],
    ['logprobs that are none', set('choices.0.logprobs', 7)],
    ['another call of a type that is not known', set('choices.0.message.tool_calls.1.type', 'mcp')],
    ['an escape that is none', json((body) => body.replace('"hi"', '"\\x"'))],
    ['half of an escape', json((body) => body.replace('"hi"', '"\\u12"'))],
    ['a raw control character', json((body) => body.replace('"hi"', '"\u0001"'))],
    ['a string without an end', json((body) => body.replace('"m"', '"m'))],
    ['too deep', json((body) => body.replace('{"prompt_n":1}', `${'['.repeat(70)}${']'.repeat(70)}`))],
    ['too many members', set('moderation', Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x${at}`, at])))],
  ),
  whole('chat stream'),
  ...accepted(
    'chat stream',
    ['no role', set('0.choices.0.delta', { content: '' })],
    [
      'no text beside a call',
      set('13.choices.0.delta', { role: 'assistant', tool_calls: [{ index: 0, ...FUNCTION_CALL }] }),
    ],
    ['no text beside a refusal', set('4.choices.0.delta.content', undefined)],
    ['comments', chunks((body) => body.replace('\n\n', '\n\n: waiting\n\n'))],
    ['heartbeats', chunks((body) => `data: null\n\ndata:\n\n${body}`)],
    ['lines that end with CRLF', chunks((body) => body.replaceAll('\n', '\r\n'))],
    ['lines that end with CR', chunks((body) => body.replaceAll('\n', '\r'))],
    ['a byte order mark', chunks((body) => `\ufeff${body}`)],
    ['no empty line at the end', chunks((body) => body.slice(0, -2))],
    ['an event in two lines', chunks((body) => body.replace('"created":', '\ndata:"created":'))],
    ['an event of another type that has nothing', chunks((body) => `event: other\n\n${body}`)],
    ['ids that come again', set('10.choices.0.delta.tool_calls.0.id', 'call_1')],
    ['empty names after the first', set('10.choices.0.delta.tool_calls.0.function.name', '')],
    [
      'usage in every chunk',
      (events) => events.map((event: Wire) => ({ ...event, usage: event.usage ?? { ...USAGE, completion_tokens: 0 } })),
    ],
    ['a time that goes on', set('3.created', 2)],
    ['an ending in every chunk', set('15.choices.0.delta.content', null)],
  ),
  ...refused(
    'chat stream',
    ...unknownAt(
      '2',
      '2.choices.0',
      '2.choices.0.delta',
      '5.choices.0.logprobs',
      '8.choices.0.delta.tool_calls.0',
      '8.choices.0.delta.tool_calls.0.function',
      '9.choices.0.delta.tool_calls.0.custom',
      '11.choices.0.delta.function_call',
    ),
    ['an error', set('2.error', { message: 'no' })],
    ['another id', set('3.id', 'chatcmpl-2')],
    ['another model', set('3.model', 'n')],
    ['another tier', set('3.service_tier', 'flex')],
    ['another fingerprint', set('3.system_fingerprint', 'fq')],
    ['a time that is none', set('3.created', 'now')],
    ['another object', set('3.object', 'chat.completion')],
    ['two timings', set('3.timings', { prompt_n: 2 })],
    ['padding that is none', set('3.obfuscation', 7)],
    ['the tokens of a prompt', set('0.prompt_token_ids', [1])],
    ['the text of a prompt', set('0.prompt_text', 'x')],
    ['a chunk that is no object', insert(3, 7)],
    ['choices that are none', set('3.choices', {})],
    ['a choice that is none', set('3.choices.0', 7)],
    ['a choice without a place', set('3.choices.0.index', undefined)],
    ['a choice in a place that is none', set('3.choices.0.index', -1)],
    ['a choice in a broken place', set('3.choices.0.index', 0.5)],
    ['a choice far away', set('3.choices.0.index', 1_000)],
    [
      'a place without a choice',
      (events) =>
        events.map((event: Wire) => ({ ...event, choices: event.choices.filter(({ index }: Wire) => index !== 2) })),
    ],
    ['a choice that has not ended', drop(14)],
    ['a choice that ended in an error', set('14.choices.0.finish_reason', 'error')],
    ['a choice that ended twice', set('13.choices.0.finish_reason', 'stop')],
    [
      'a choice that says nothing',
      (events) => [{ ...events[0], choices: [{ index: 0, finish_reason: 'stop' }] }, events.at(-1)],
    ],
    ['no choices', (events) => [events.at(-1)]],
    ['no name of its own', (events) => events.map(({ object: _, ...event }: Wire) => event)],
    ['no usage', drop(-1)],
    ['usage of nothing', set('last.usage', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })],
    ['usage that is none', set('last.usage', 7)],
    ['usage that is taken back', insert(-1, { ...LAST_CHUNK, usage: null })],
    ['a delta that is none', set('2.choices.0.delta', [])],
    ['logprobs that are none', set('5.choices.0.logprobs.content', {})],
    ['the role of another', set('0.choices.0.delta.role', 'user')],
    ['a role that is no text', set('0.choices.0.delta.role', 7)],
    ['content that is no text', set('5.choices.0.delta.content', ['hi'])],
    ['citations that are no list', set('6.choices.0.delta.annotations', {})],
    ['audio', set('0.choices.0.delta.audio', { id: 'a' })],
    ['the tokens of a choice', set('0.choices.0.token_ids', [1])],
    ['no text, call or refusal', set('13.choices.0.delta', { role: 'assistant' })],
    ['a call without an id', set('8.choices.0.delta.tool_calls.0.id', undefined)],
    ['a call without a type', set('8.choices.0.delta.tool_calls.0.type', undefined)],
    ['a call of a type that is not known', set('8.choices.0.delta.tool_calls.0.type', 'mcp')],
    ['a call of another type than it says', set('8.choices.0.delta.tool_calls.0.type', 'custom')],
    ['a call of two types', set('10.choices.0.delta.tool_calls.0.custom', { name: 'c', input: '' })],
    ['a call without a name', set('8.choices.0.delta.tool_calls.0.function.name', undefined)],
    ['a call that changes its name', set('10.choices.0.delta.tool_calls.0.function.name', 'g')],
    [
      'a call without arguments',
      (events) => {
        for (const at of [8, 10]) delete events[at].choices[0].delta.tool_calls[0].function.arguments;
      },
    ],
    [
      'a call of null',
      (events) => {
        for (const at of [8, 10]) events[at].choices[0].delta.tool_calls[0].function = null;
      },
    ],
    [
      'deltas that are null',
      (events) => [{ ...events[0], choices: [{ index: 0, delta: null, finish_reason: 'stop' }] }, events.at(-1)],
    ],
    ['a call without a place', set('8.choices.0.delta.tool_calls.0.index', undefined)],
    ['a place without a call', set('9.choices.0.delta.tool_calls.0.index', 2)],
    ['no [DONE]', chunks((body) => body.replace('data: [DONE]\n\n', ''))],
    ['an event after [DONE]', chunks((body) => `${body}data: {}\n\n`)],
    ['[DONE] twice', chunks((body) => `${body}data: [DONE]\n\n`)],
    ['an event with a name', chunks((body) => `event: message\n${body}`)],
    ['an event of another field', chunks((body) => `id: 1\n${body}`)],
    ['an event without its end', chunks((body) => body.replace('data: [DONE]\n\n', '').slice(0, -2))],
    ['an event that is no JSON', chunks((body) => body.replace('"created"', 'created'))],
  ),
  whole('chat stream without usage'),
  ...accepted('chat stream without usage', [
    'no padding',
    (events) => events.map(({ obfuscation: _, ...event }: Wire) => event),
  ]),
  ...refused(
    'chat stream without usage',
    [
      'a fingerprint beside the usage alone',
      (events) => {
        for (const event of events.slice(0, -1)) delete event.system_fingerprint;
      },
    ],
    [
      'a tier beside the usage alone',
      (events) => {
        for (const event of events.slice(0, -1)) event.service_tier = null;
      },
    ],
    ['usage beside a choice', set('3.usage', USAGE)],
    ['something beside the usage', set('last.timings', {})],
    ['an error', set('2.error', { message: 'no' })],
    ['no [DONE]', chunks((body) => body.replace('data: [DONE]\n\n', ''))],
    ['an event after [DONE]', chunks((body) => `${body}data: {}\n\n`)],
    ['[DONE] twice', chunks((body) => `${body}data: [DONE]\n\n`)],
    ['an event with a name', chunks((body) => `event: message\n${body}`)],
  ),
  ...[...'id object created model service_tier system_fingerprint'.split(' ')].map((name) =>
    changed('chat stream without usage', `usage without its ${name}`, true, set(`last.${name}`, undefined)),
  ),
  changed('chat stream without usage', 'usage with padding', true, set('last.obfuscation', '')),
  whole('chat stream without padding'),
  ...accepted(
    'chat stream without padding',
    ['heartbeats', chunks((body) => `data: null\n\n${body}`)],
    [
      'an event in two lines',
      chunks((body) => body.replace(',"obfuscation":"p4d"', '').replace('"created":', '\ndata:"created":')),
    ],
  ),
  ...refused('chat stream without padding', ['padding that is none', set('3.obfuscation', 7)]),
];

const COMPLETION_CASES: readonly Case[] = [
  whole('completion document'),
  ...accepted('completion document', ['logprobs as in chat', set('choices.0.logprobs', CHAT_LOGPROBS)]),
  ...refused(
    'completion document',
    ...unknownAt('', 'choices.0', 'choices.0.logprobs'),
    ['another object', set('object', 'chat.completion')],
    ['a text that is none', set('choices.0.text', null)],
    ['a choice that has not ended', set('choices.0.finish_reason', 'tool_calls')],
  ),
  whole('completion stream'),
  ...accepted('completion stream', [
    'logprobs as in chat',
    (events) => {
      for (const at of [0, 3]) set(`${at}.choices.0.logprobs`, CHAT_LOGPROBS)(events);
    },
  ]),
  ...refused(
    'completion stream',
    ...unknownAt('1', '1.choices.0', '0.choices.0.logprobs'),
    ['another object', set('0.object', 'chat.completion.chunk')],
    ['no object', (events) => events.map(({ object: _, ...event }: Wire) => event)],
    ['a text that is none', set('0.choices.0.text', 7)],
    ['a text that is null', set('1.choices.0.text', null)],
    ['logprobs of a prompt', set('0.choices.0.prompt_logprobs', [1])],
    ['the tokens of a prompt', set('0.choices.0.prompt_token_ids', [1])],
    ['a choice that has not ended', set('3.choices.0.finish_reason', null)],
    ['an ending that is not known', set('3.choices.0.finish_reason', 'tool_calls')],
    ['no usage', drop(-1)],
  ),
];

const SILENT = [
  'access_programs',
  'ec_transfer_params',
  'image',
  'input_messages',
  'input_transformations',
  'kv_transfer_params',
  'output_messages',
  'prompt_cache_diagnostics',
  'tool_usage',
];

const LAST_RESPONSE = 'last.response';

const RESPONSE_CASES: readonly Case[] = [
  whole('response document'),
  ...accepted(
    'response document',
    [
      'incomplete',
      (answer) => Object.assign(answer, { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }),
    ],
    ['a text of nothing', set('output.1.content.0.text', '')],
    ['a text without citations', set('output.1.content.0.annotations', [])],
    ['a text without logprobs', set('output.1.content.0.logprobs', undefined)],
    ['no thoughts', set('output.0.content', null)],
    ['an item without a status', set('output.0.status', undefined)],
    ['in many lines', (answer) => JSON.stringify(answer, null, 2)],
    ['no error told', set('error', undefined)],
    ['no background told', set('background', undefined)],
    [
      'members that say nothing',
      (answer) => {
        for (const name of SILENT) answer[name] = null;
      },
    ],
  ),
  ...refused(
    'response document',
    ...unknownAt(
      '',
      'output.0',
      'output.1',
      'output.2',
      'output.3',
      'output.0.summary.0',
      'output.0.content.0',
      'output.1.content.0',
      'output.1.content.1',
    ),
    ['another object', set('object', 'chat.completion')],
    ['in progress', set('status', 'in_progress')],
    ['failed', set('error', { code: 'server_error' })],
    ...SILENT.map((name): Told => [`something in ${name}`, set(name, {})]),
    ['in the background', set('background', true)],
    ['no output', set('output', undefined)],
    ['an item of a type that is not known', set('output.0.type', 'image_generation_call')],
    ['an item of no type', set('output.0.type', undefined)],
    ['an item without an id', set('output.0.id', '')],
    ['a call without an id', set('output.2.call_id', '')],
    ['a call without a name', set('output.2.name', undefined)],
    ['arguments that are no text', set('output.2.arguments', {})],
    ['an input that is no text', set('output.3.input', {})],
    ['a part of a type that is not known', set('output.1.content.0.type', 'output_audio')],
    ['a refusal that is none', set('output.1.content.1.refusal', 7)],
    ['a text that is none', set('output.1.content.0.text', 7)],
    ['citations that are no list', set('output.1.content.0.annotations', {})],
    ['a summary that is no list', set('output.0.summary', {})],
    ['a part of a summary of a type that is not known', set('output.0.summary.0.type', 'text')],
    ['a thought of a type that is not known', set('output.0.content.0.type', 'text')],
  ),
  whole('response stream'),
  ...accepted(
    'response stream',
    ['without names', text((body) => body.replaceAll(/event: .*\n/g, ''), numbered)],
    ['items that are spelled otherwise', set('10.item', { type: 'reasoning', ...copy(REASONING) })],
    [
      'incomplete',
      (events) => {
        events.at(-1).type = 'response.incomplete';
        events.at(-1).response.status = 'incomplete';
      },
    ],
    ['heartbeats', text((body) => `data: null\n\n${body}`, numbered)],
    ['no numbers', text((body) => body.replaceAll(/,"sequence_number":\d+/g, ''), numbered)],
    [
      'neither numbers nor places, as llama.cpp writes it',
      text((body) => body.replaceAll(/,"(sequence_number|output_index)":\d+/g, ''), numbered),
    ],
    ['how long it took', set('last.timings', { prompt_ms: 1 })],
  ),
  ...refused(
    'response stream',
    ...unknownAt('0', '3', '5', '12', 'last', LAST_RESPONSE, `${LAST_RESPONSE}.output.0`, '10.item'),
    ['an event that is not known', insert(3, { type: 'response.image_generation_call.partial_image' })],
    ['an event of two types', text((body) => body.replace('event: keepalive', 'event: other'), numbered)],
    ['an event of no type', insert(3, {})],
    ['an error', insert(3, { type: 'error', message: 'no' })],
    [
      'an event out of its order',
      text((body) => body.replace('"sequence_number":3,', '"sequence_number":4,'), numbered),
    ],
    ['a number among none', text((body) => body.replaceAll(/,"sequence_number":(?!3\b)\d+/g, ''), numbered)],
    ['an item without a place', set('10.output_index', undefined)],
    [
      'a place out of order without numbers',
      (events) => {
        events[10].output_index = 1;
        return typed(events);
      },
    ],
    ['an event without a number', text((body) => body.replace('"sequence_number":3,', ''), numbered)],
    ['no beginning', drop(0)],
    ['two beginnings', insert(1, RESPONSE_STREAM[0])],
    ['no end', drop(-1)],
    ['an event after the end', insert(-1, { type: 'keepalive' })],
    ['another end than it says', set('last.type', 'response.incomplete')],
    ['an end without a response', set('last.response', undefined)],
    ['an end that failed', set(`${LAST_RESPONSE}.error`, {})],
    ['an end in the background', set(`${LAST_RESPONSE}.background`, true)],
    ['no usage', set(`${LAST_RESPONSE}.usage`, null)],
    ['usage of nothing', set(`${LAST_RESPONSE}.usage`, { input_tokens: 0, output_tokens: 0 })],
    ['an item that is not there at the end', (events) => void events.at(-1).response.output.pop()],
    ['an item that was not brought', drop(10)],
    ['a last item that was not brought', drop(24)],
    ['another item than was brought', set('10.item.encrypted_content', 'gBBB')],
    ['an item out of its order', set('10.output_index', 1)],
    ['an item that is none', set('10.item', undefined)],
    [
      'an item of a type that is not known',
      (events) => {
        events[10].item.type = 'web_search_call';
        events.at(-1).response.output[0].type = 'web_search_call';
      },
    ],
    ['[DONE] at the end', text((body) => `${body}data: [DONE]\n\n`, numbered)],
  ),
  whole('response stream without padding'),
  ...refused(
    'response stream without padding',
    ['no end', drop(-1)],
    ['an event after the end', insert(-1, { type: 'keepalive' })],
    ['an error', set('3.error', {})],
  ),
];

const MESSAGE_CASES: readonly Case[] = [
  whole('message document'),
  ...'end_turn stop_sequence max_tokens refusal model_context_window_exceeded'
    .split(' ')
    .map((reason) => changed('message document', `ended by ${reason}`, true, set('stop_reason', reason))),
  ...refused(
    'message document',
    ...unknownAt('', 'usage', 'content.0', 'content.1', 'content.2', 'content.3'),
    ['another type', set('type', 'error')],
    ['another role', set('role', 'user')],
    ['a container', set('container', { id: 'c' })],
    ['a pause', set('stop_reason', 'pause_turn')],
    ['no usage', set('usage', undefined)],
    ['a block of a type that is not known', set('content.0.type', 'server_tool_use')],
    ['a block of no type', set('content.0.type', undefined)],
    ['a text that is none', set('content.0.text', 7)],
    ['citations that are no list', set('content.0.citations', {})],
    ['an input that is no object', set('content.3.input', [])],
    ['a thought without its signature', set('content.1.signature', undefined)],
  ),
  whole('message stream'),
  ...accepted(
    'message stream',
    ['an input of nothing', (events) => events.filter((event: Wire) => event.delta?.type !== 'input_json_delta')],
    [
      'a text without citations',
      (events) => {
        events[2].content_block = { type: 'text', text: '' };
      },
    ],
    [
      'citations that were null',
      (events) => {
        events[2].content_block.citations = null;
      },
    ],
    ['usage that grows', set('17.usage.input_tokens', 12)],
    ['usage that is null at the end', set('17.usage.input_tokens', null)],
  ),
  ...refused(
    'message stream',
    ...unknownAt(
      '0',
      '0.message',
      '0.message.usage',
      '1',
      '2',
      '2.content_block',
      '4.delta',
      '6',
      '17',
      '17.delta',
      '17.usage',
      '18',
    ),
    ['an event that is not known', insert(1, { type: 'more' })],
    ['an error', insert(5, { type: 'error', error: {} })],
    ['no beginning', drop(0)],
    ['two beginnings', insert(1, MESSAGE_STREAM[0])],
    ['a beginning without a message', set('0.message', undefined)],
    ['another type', set('0.message.type', 'error')],
    ['another role', set('0.message.role', 'user')],
    ['a container', set('0.message.container', {})],
    ['content at its beginning', set('0.message.content', [{}])],
    ['no end', drop(-1)],
    ['an end without a beginning', (events) => events.slice(-2)],
    ['an event without its end', text((body) => body.trimEnd(), typed)],
    ['an event after the end', insert(-1, { type: 'ping' })],
    ['no reason', drop(17)],
    ['two ends', insert(17, MESSAGE_STREAM[17])],
    ['an end within a block', drop(16)],
    ['an end without its delta', set('17.delta', undefined)],
    ['an end without its usage', set('17.usage', undefined)],
    ['a pause', set('17.delta.stop_reason', 'pause_turn')],
    ['no usage', set('0.message.usage', undefined)],
    [
      'usage of nothing',
      (events) => {
        events[0].message.usage = { input_tokens: 0, output_tokens: 0 };
        events[17].usage = { output_tokens: 0 };
      },
    ],
    ['a block within another', drop(6)],
    ['a block out of its order', set('7.index', 2)],
    ['a block before the beginning', (events) => [events[2], ...events.filter((_: unknown, at: number) => at !== 2)]],
    [
      'a block after the end',
      (events) => [...events.slice(0, -1), ...[2, 6].map((at) => ({ ...events[at], index: 4 })), events.at(-1)],
    ],
    ['a block that is none', set('2.content_block', undefined)],
    ['a block of a type that is not known', set('11.content_block', { type: 'server_tool_use' })],
    ['a delta for another block', set('4.index', 1)],
    ['a delta out of its place', insert(7, MESSAGE_STREAM[4])],
    ['a delta for a block of another type', set('4.delta', { type: 'thinking_delta', thinking: 't' })],
    ['a delta of a type that is not known', set('4.delta', { type: 'more_delta', text: 't' })],
    ['a delta that is none', set('4.delta', undefined)],
    ['a delta without anything', set('4.delta.text', undefined)],
    ['a citation without anything', set('3.delta.citation', undefined)],
    ['a delta that is no text', set('4.delta.text', 7)],
    ['a signature in pieces', insert(9, blockDelta(1, 'signature_delta', { signature: 'r' }))],
    ['a signature that is there already', set('7.content_block.signature', 'r')],
    ['a signature that is no text', set('9.delta.signature', 7)],
    ['an input that is there already', set('13.content_block.input', { b: 1 })],
    ['an input that is no JSON', drop(15)],
    [
      'an input that is no object',
      (events) => {
        events[14].delta.partial_json = '[';
        events[15].delta.partial_json = ']';
      },
    ],
    [
      'half of a character in an input',
      (events) => {
        events[15].delta.partial_json = '1,"b":"\ud83d"}';
      },
    ],
  ),
];

/** Of the entry and its request, whatever it says. */
const ENTRY_CASES: readonly Case[] = [
  changed('chat document', 'that is not streamed', false, () => undefined, { isStreamable: false }),
  changed('chat document', 'of another status', false, () => undefined, { status: 201 }),
  changed('chat document', 'that is encoded', false, () => undefined, {
    headers: ['content-type', 'application/json', 'Content-Encoding', 'gzip'],
  }),
  changed('chat document', 'that is labelled a stream', false, () => undefined, {
    headers: ['content-type', 'text/event-stream'],
  }),
  changed('chat stream', 'that is labelled a document', false, () => undefined, {
    headers: ['content-type', 'application/json'],
  }),
  changed('chat document', 'that is not UTF-8', false, () => undefined, {
    bytes: Buffer.from(JSON.stringify(CHAT_DOCUMENT).replace('"hi"', '"\xff"'), 'latin1'),
  }),
  changed('chat document', 'in its own form', false, () => undefined, { to: 'json' }),
  changed('chat stream', 'from a form that says less', false, () => undefined, { form: 'sse', to: 'sse+usage' }),
  changed('chat document', 'of an endpoint that has no forms', false, () => undefined, { endpoint: 'embeddings' }),
  ...['sse', 'sse+plain', 'sse+usage+plain'].map((to) =>
    changed('chat document', `as ${to}`, true, () => undefined, { to }),
  ),
  ...['sse', 'sse+plain', 'sse+usage+plain'].map((form) =>
    changed('chat stream', `from ${form}`, true, () => undefined, { form }),
  ),
  changed('chat stream without usage', 'from one without padding', true, () => undefined, {
    form: 'sse+usage+plain',
    to: 'sse',
  }),
  changed('chat stream without usage', 'without padding', true, () => undefined, { to: 'sse+plain' }),
  changed('chat stream without usage', 'with less padding', true, () => undefined, {
    form: 'sse+usage+plain',
    to: 'sse+plain',
  }),
  changed('chat stream without padding', 'with usage', true, () => undefined, {
    form: 'sse+usage',
    to: 'sse+usage+plain',
  }),
  changed('chat stream without padding', 'with usage asked again', true, () => undefined, {
    form: 'sse+usage+plain',
    to: 'sse+usage',
  }),
  changed('chat stream without padding', 'asked with padding', true, () => undefined, { form: 'sse+plain', to: 'sse' }),
  changed('response stream', 'from one without padding', true, () => undefined, { form: 'sse+plain' }),
  changed('response document', 'without padding', true, () => undefined, { to: 'sse+plain' }),
  changed('response stream without padding', 'asked with padding', true, () => undefined, {
    form: 'sse+plain',
    to: 'sse',
  }),
];

const SAMPLE_CASES: readonly Case[] = [
  { ...sampleOf('upstream-llama.cpp-2025-02 1'), to: 'json', isDerived: true },
  ...MESSAGES.map((sample) => ({ ...sample, to: sample.form === 'json' ? 'sse' : 'json', isDerived: true })),
];

export const CASES: readonly Case[] = [
  ...CHAT_CASES,
  ...COMPLETION_CASES,
  ...RESPONSE_CASES,
  ...MESSAGE_CASES,
  ...ENTRY_CASES,
  ...SAMPLE_CASES,
];
