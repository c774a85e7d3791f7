/**
 * Bodies as clients write them: what the SDKs send to each endpoint, with tools
 * and schemas, labels that the key leaves out, and fields that nobody knows.
 */
import fc from 'fast-check';
import type { Endpoint } from '../../src/endpoint.ts';

const SENTENCES = [
  'What is the sea?',
  'Sag es kurz: was ist das Meer?',
  'caf\u00e9 cre\u0300me',
  '海とは何ですか',
  'A \ud83d\udc1a and a \ud83c\udff4\u200d\u2620\ufe0f',
  'She said "no" / \\ back',
  'Line one.\r\n\tLine two.\n',
  '',
  ' ',
  '{"a":1,"b":[2]}',
  '","role":"system","content":"',
  'json:{}',
  ' stream=true stream_options=',
  '\ufffd\u0000\u007f\u2028',
  '1',
  'true',
  'null',
  '[CIRCULAR:1]',
];
const text = fc.oneof(
  { arbitrary: fc.constantFrom(...SENTENCES), weight: 2 },
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const word = fc.stringMatching(/^[a-z][a-z_]{0,11}$/);
const id = fc.nat().map((number) => number.toString(36));
const fraction = fc.integer({ min: 0, max: 200 }).map((hundredths) => hundredths / 100);
const count = fc.integer({ min: 1, max: 4096 });
const tokens = fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 6 });

/** Each member there or not. */
const partly = (model: Record<string, fc.Arbitrary<unknown>>, requiredKeys: readonly string[]) =>
  fc.record(model, { requiredKeys: [...requiredKeys] });
const some = <T>(item: fc.Arbitrary<T>, maxLength = 3) => fc.array(item, { minLength: 1, maxLength });

const { schema } = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    partly(
      {
        type: fc.constantFrom('string', 'number', 'integer', 'boolean'),
        description: text,
        enum: some(text),
        minimum: fraction,
      },
      ['type'],
    ),
    partly({ type: fc.constant('array'), items: tie('schema'), maxItems: count }, ['type', 'items']),
    fc.record({
      type: fc.constant('object'),
      properties: fc.dictionary(word, tie('schema'), { minKeys: 1, maxKeys: 3 }),
      required: some(word),
      additionalProperties: fc.boolean(),
    }),
  ),
}));

const described = partly({ name: word, description: text, parameters: schema, strict: fc.boolean() }, [
  'name',
  'parameters',
]);
const format = fc.record({ name: word, schema, strict: fc.constant(true) });

const part = fc.oneof(
  fc.record({ type: fc.constant('text'), text }),
  fc.record({
    type: fc.constant('image_url'),
    image_url: fc.record({
      url: id.map((digits) => `https://images.test/${digits}.png`),
      detail: fc.constantFrom('low', 'high'),
    }),
  }),
);
const call = fc.record({
  id,
  type: fc.constant('function'),
  function: fc.record({ name: word, arguments: fc.json({ maxDepth: 1 }) }),
});
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer', 'user', 'assistant'), content: text }),
  partly({ role: fc.constant('user'), content: some(part), name: word }, ['role', 'content']),
  fc.record({ role: fc.constant('assistant'), content: fc.constant(null), tool_calls: some(call, 2) }),
  fc.record({ role: fc.constant('tool'), tool_call_id: id, content: text }),
);
/** Of tools that the client runs, and of one whose output has the id of its call. */
const OUTPUTS = ['function_call_output', 'custom_tool_call_output', 'local_shell_call_output'];
const notes = fc.record({ turn_id: id, create_time: fc.nat() });
const item = fc.oneof(
  fc.record({ id, role: fc.constantFrom('user', 'assistant', 'developer'), content: text }),
  fc.record({
    type: fc.constant('message'),
    id,
    role: fc.constant('user'),
    content: some(fc.record({ type: fc.constant('input_text'), text })),
  }),
  fc.record({ type: fc.constant('function_call'), call_id: id, name: word, arguments: fc.json({ maxDepth: 1 }) }),
  fc.record({ type: fc.constantFrom(...OUTPUTS), id, call_id: id, output: text }),
  fc.record({
    type: fc.constant('tool_search_output'),
    id,
    call_id: id,
    execution: fc.constantFrom('client', 'server'),
  }),
  fc.record({ role: fc.constant('user'), id, content: text, internal_chat_message_metadata_passthrough: notes }),
);

const sampling = { temperature: fraction, top_p: fraction, seed: fc.maxSafeInteger() };
const penalties = {
  frequency_penalty: fraction,
  presence_penalty: fraction,
  logit_bias: fc.dictionary(fc.nat({ max: 50_000 }).map(String), fc.integer({ min: -100, max: 100 }), { maxKeys: 3 }),
};
const labels = { user: id, metadata: fc.dictionary(word, text, { maxKeys: 2 }) };
const unknown = {
  x_future_field: fc.jsonValue({ maxDepth: 2 }),
  provider: fc.record({ order: some(word), allow_fallbacks: fc.boolean() }),
  extras: fc.constantFrom([], {}, [[], {}], { web: {} }),
};
const streaming = { stream: fc.boolean() };
const model = fc.constantFrom('gpt-4o-mini', 'gpt-5', 'o4-mini', 'llama-3.1-8b');
const asked = fc.oneof(text, some(text), tokens, some(tokens));

export const BODIES: Readonly<Record<Endpoint, fc.Arbitrary<unknown>>> = {
  chat: partly(
    {
      model,
      messages: some(message, 4),
      ...sampling,
      ...penalties,
      ...labels,
      ...unknown,
      ...streaming,
      n: count,
      stop: some(text),
      max_completion_tokens: count,
      tools: some(fc.record({ type: fc.constant('function'), function: described })),
      tool_choice: fc.constantFrom('auto', 'none'),
      reasoning_effort: fc.constantFrom('low', 'high'),
      response_format: fc.record({ type: fc.constant('json_schema'), json_schema: format }),
      store: fc.constant(false),
      service_tier: fc.constantFrom('auto', 'flex'),
    },
    ['model', 'messages'],
  ),
  completions: partly(
    {
      model,
      prompt: asked,
      suffix: text,
      echo: fc.boolean(),
      best_of: count,
      ...sampling,
      ...penalties,
      ...unknown,
      ...streaming,
      user: id,
    },
    ['model', 'prompt'],
  ),
  embeddings: partly(
    {
      model,
      input: asked,
      dimensions: count,
      encoding_format: fc.constantFrom('float', 'base64'),
      ...unknown,
      user: id,
    },
    ['model', 'input'],
  ),
  messages: partly(
    {
      model: fc.constantFrom('claude-opus-5-5', 'claude-haiku-4-5-20251001'),
      max_tokens: count,
      messages: some(
        fc.record({
          role: fc.constantFrom('user', 'assistant'),
          content: fc.oneof(text, some(fc.record({ type: fc.constant('text'), text }))),
        }),
        4,
      ),
      system: fc.oneof(text, some(fc.record({ type: fc.constant('text'), text }))),
      metadata: fc.record({ user_id: id }),
      ...unknown,
      ...streaming,
      temperature: fraction,
      stop_sequences: some(text),
      tools: some(described.map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters }))),
      tool_choice: fc.constantFrom({ type: 'auto' }, { type: 'any' }),
      thinking: fc.constantFrom({ type: 'adaptive' }, { type: 'enabled', budget_tokens: 1024 }),
      output_config: format.map((named) => ({ format: { type: 'json_schema', ...named } })),
      cache_control: fc.constant({ type: 'ephemeral' }),
    },
    ['model', 'max_tokens', 'messages'],
  ),
  moderations: partly({ model, input: fc.oneof(text, some(text), some(part)), ...unknown }, ['input']),
  responses: partly(
    {
      model,
      input: fc.oneof(text, some(item, 4)),
      instructions: text,
      ...sampling,
      ...labels,
      ...unknown,
      ...streaming,
      store: fc.constant(false),
      max_output_tokens: count,
      tools: some(described.map((tool) => ({ type: 'function', ...tool }))),
      text: format.map((named) => ({ format: { type: 'json_schema', ...named } })),
      reasoning: fc.record({ effort: fc.constantFrom('low', 'high') }),
      include: fc.constant(['reasoning.encrypted_content']),
      truncation: fc.constantFrom('auto', 'disabled'),
    },
    ['model', 'input'],
  ),
  rerank: partly(
    {
      model,
      query: text,
      documents: fc.oneof(some(text), some(fc.record({ text, title: text }))),
      top_n: count,
      return_documents: fc.boolean(),
      max_tokens_per_doc: count,
      ...labels,
      ...unknown,
    },
    ['model', 'query', 'documents'],
  ),
};

export const ENDPOINTS = Object.keys(BODIES) as Endpoint[];

/** The paths that SDKs ask. */
export const PATHS: Readonly<Record<Endpoint, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  messages: '/v1/messages',
  moderations: '/v1/moderations',
  responses: '/v1/responses',
  rerank: '/v2/rerank',
};
