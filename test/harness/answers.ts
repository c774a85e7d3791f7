/**
 * Answers as OpenAI's API spells them, for scripts.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Call, Script } from './upstream.ts';

export const CHAT = '/v1/chat/completions';

export function chatRequest(content = 'What is the sea?', others: object = {}): object {
  return { model: 'gpt-test', messages: [{ role: 'user', content }], ...others };
}

export function chatAnswer(content = 'Salt water.', others: object = {}): string {
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'gpt-test',
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    ...others,
  });
}

export function chatChunk(delta: object, finish: string | null = null): string {
  return chatEvent({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
}

function chatEvent(fields: object): string {
  const usual = { id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'gpt-test' };
  return `data: ${JSON.stringify({ ...usual, ...fields })}\n\n`;
}

/** The events of a chat stream: role, one per piece, finish, done. */
export function chatEvents(pieces: readonly string[] = ['Salt ', 'wäter 🌊', '.']): string[] {
  const deltas = pieces.map((content) => chatChunk({ content }));
  return [
    chatChunk({ role: 'assistant', content: '', refusal: null }),
    ...deltas,
    chatChunk({}, 'stop'),
    'data: [DONE]\n\n',
  ];
}

/** The same with the event that `include_usage` asks for, which has no choice in it. */
export function chatEventsWithUsage(): string[] {
  const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
  return chatEvents().toSpliced(-1, 0, chatEvent({ choices: [], usage }));
}

/** The events of a responses stream. */
export function responseEvents(text = 'Salt water.', id = 'resp_1'): string[] {
  const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const started = JSON.parse(responseAnswer(text, id, 'in_progress'));
  const message = JSON.parse(responseAnswer(text, id)).output[0];
  const place = { item_id: message.id, output_index: 0, content_index: 0 };
  return [
    event('response.created', { sequence_number: 0, response: { ...started, output: [] } }),
    event('response.in_progress', { sequence_number: 1, response: { ...started, output: [] } }),
    event('response.output_item.added', {
      sequence_number: 2,
      output_index: 0,
      item: { ...message, status: 'in_progress', content: [] },
    }),
    event('response.content_part.added', {
      sequence_number: 3,
      ...place,
      part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
    }),
    event('response.output_text.delta', { sequence_number: 4, ...place, delta: text, logprobs: [] }),
    event('response.output_text.done', { sequence_number: 5, ...place, text, logprobs: [] }),
    event('response.content_part.done', { sequence_number: 6, ...place, part: message.content[0] }),
    event('response.output_item.done', { sequence_number: 7, output_index: 0, item: message }),
    event('response.completed', { sequence_number: 8, response: JSON.parse(responseAnswer(text, id)) }),
  ];
}

export function responseAnswer(text = 'Salt water.', id = 'resp_1', status = 'completed'): string {
  return JSON.stringify({
    id,
    object: 'response',
    created_at: 1_700_000_000,
    status,
    model: 'gpt-test',
    error: null,
    incomplete_details: null,
    output: [
      {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        status,
        content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
      },
    ],
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    temperature: 1,
    top_p: 1,
    metadata: {},
    usage: {
      input_tokens: 5,
      output_tokens: 3,
      total_tokens: 8,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  });
}

/** @param encoding `base64` is of little-endian 32-bit floats */
export function embeddingsAnswer(count = 1, encoding: 'float' | 'base64' = 'float'): string {
  const encode = (vector: number[]) =>
    encoding === 'float' ? vector : Buffer.from(Float32Array.from(vector).buffer).toString('base64');
  const data = Array.from({ length: count }, (_, index) => ({
    object: 'embedding',
    index,
    embedding: encode([0.1 + index, -0.25, 1e-7]),
  }));
  return JSON.stringify({ object: 'list', model: 'embed-test', data, usage: { prompt_tokens: 2, total_tokens: 2 } });
}

export function completionAnswer(text = ' water'): string {
  const choices = [{ text, index: 0, logprobs: null, finish_reason: 'stop' }];
  return JSON.stringify({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1_700_000_000,
    model: 'gpt-test',
    choices,
    usage: { total_tokens: 4 },
  });
}

export function completionEvents(): string[] {
  const usual = { id: 'cmpl-2', object: 'text_completion', created: 1_700_000_000, model: 'gpt-test' };
  const chunk = (text: string, finish: string | null) => {
    const choices = [{ text, index: 0, logprobs: null, finish_reason: finish }];
    return `data: ${JSON.stringify({ ...usual, choices })}\n\n`;
  };
  return [chunk(' salt', null), chunk(' water', null), chunk('', 'stop'), 'data: [DONE]\n\n'];
}

export function moderationAnswer(): string {
  return JSON.stringify({
    id: 'modr-1',
    model: 'omni-moderation',
    results: [{ flagged: false, categories: {}, category_scores: {} }],
  });
}

/** @param count of results, the last document first */
export function rerankAnswer(count = 2): string {
  const results = Array.from({ length: count }, (_, rank) => ({
    index: count - 1 - rank,
    relevance_score: 0.9 / (rank + 1),
  }));
  return JSON.stringify({ model: 'rerank-test', object: 'list', usage: { total_tokens: 15 }, results });
}

export function modelsAnswer(): string {
  return JSON.stringify({
    object: 'list',
    data: [{ id: 'gpt-test', object: 'model', created: 1_700_000_000, owned_by: 'openai' }],
  });
}

export function errorAnswer(message: string, code: string | null = null): string {
  return JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
}

/** Headers that OpenAI sends with every answer: some to keep, some never to replay. */
export const OPENAI_HEADERS = {
  'x-request-id': 'req_first',
  'openai-version': '2020-10-01',
  'openai-organization': 'org-secret',
  'openai-processing-ms': '22',
  'x-ratelimit-remaining-requests': '9997',
  'set-cookie': '__cf_bm=abc; path=/; HttpOnly',
  'cf-ray': 'l4Cq1SpZxOgbj5IHLelJ-LHR',
  'strict-transport-security': 'max-age=31536000',
};

export function sendJson({ response }: Call, body: string, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...OPENAI_HEADERS,
    ...headers,
  });
  response.end(body);
}

/** Answers each call with a chat answer of this text. */
export const says =
  (text: string): Script =>
  (call) =>
    sendJson(call, chatAnswer(text));

/** Answers each call with an error of this status. */
export const fails =
  (status: number): Script =>
  (call) =>
    sendJson(call, errorAnswer('no'), status);

export function beginStream({ response }: Call): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...OPENAI_HEADERS,
  });
  response.flushHeaders();
}

/** Answers with a stream of one event after another. @param pauseMs how long after each, in ms */
export async function sendPaced(response: ServerResponse, events: readonly string[], pauseMs: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    response.write(event);
    await setTimeout(pauseMs);
  }
  response.end();
}

/** Sends events and their end in one write: the stream is over for the proxy before any client has read it. */
export function sendStream(call: Call, events: readonly string[]): void {
  beginStream(call);
  for (const event of events) call.response.write(event);
  call.response.end();
}

/** A script that ends a stream after these bytes, cleanly as far as HTTP can tell. */
export const endAfter =
  (text: string): Script =>
  (call) => {
    beginStream(call);
    call.response.end(text);
  };

/** A script that sends these bytes, then resets the connection. */
export const resetAfter =
  (text: string): Script =>
  (call) => {
    beginStream(call);
    call.response.write(text, () => call.response.socket?.resetAndDestroy());
  };

/** Answers every endpoint that is cached, in the form that is asked. */
export const answerAll: Script = (call) => {
  const asked: Asked = JSON.parse(call.body.toString() || '{}');
  const path = call.url.split('?')[0] ?? '';
  const [, answer] = ANSWERS.find(([end]) => path.endsWith(end)) ?? [];
  if (!answer) return sendJson(call, errorAnswer('no such route'), 404);
  return asked.stream && answer.events ? sendStream(call, answer.events(asked)) : sendJson(call, answer.json(asked));
};

/** The fields of a request that change the form of its answer. */
interface Asked {
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly input?: unknown;
  readonly encoding_format?: 'float' | 'base64';
  readonly documents?: readonly unknown[];
  readonly top_n?: number;
}

interface Answers {
  readonly json: (asked: Asked) => string;
  readonly events?: (asked: Asked) => readonly string[];
}

/** By how a path ends; the first that fits. */
const ANSWERS: readonly (readonly [string, Answers])[] = [
  [
    '/chat/completions',
    {
      json: () => chatAnswer(),
      events: ({ stream_options: options }) => (options?.include_usage ? chatEventsWithUsage() : chatEvents()),
    },
  ],
  ['/completions', { json: () => completionAnswer(), events: completionEvents }],
  ['/responses', { json: () => responseAnswer(), events: () => responseEvents() }],
  [
    '/embeddings',
    {
      json: ({ input, encoding_format: encoding }) =>
        embeddingsAnswer(Array.isArray(input) ? input.length : 1, encoding),
    },
  ],
  ['/moderations', { json: moderationAnswer }],
  ['/rerank', { json: ({ documents, top_n: best }) => rerankAnswer(best ?? documents?.length) }],
  ['/models', { json: modelsAnswer }],
];
