/**
 * An answer as the official clients make it of a document or of a stream: the measure of what is derived.
 */
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { OpenAI as OpenAI4 } from 'openai-4';

/** Some bytes, and whether they are a stream. */
export interface SpelledAnswer {
  readonly body: string;
  readonly isStream: boolean;
}

const PROMPT = 'What is the sea?';
const ASKED = { role: 'user' as const, content: PROMPT };
const CHAT = { model: 'm', messages: [ASKED] };
const RESPONSE = { model: 'm', input: PROMPT };
const MESSAGE = { model: 'm', max_tokens: 9, messages: [ASKED] };

/** A `fetch` that has this answer to everything. */
function answering({ body, isStream }: SpelledAnswer): typeof fetch {
  const type = isStream ? 'text/event-stream; charset=utf-8' : 'application/json';
  return async () => new Response(body, { headers: { 'content-type': type } });
}

const settings = (answer: SpelledAnswer) => ({ apiKey: 'sk-test', maxRetries: 0, fetch: answering(answer) });

const openai7 = (answer: SpelledAnswer) => new OpenAI(settings(answer));

/** Beside its types, the older client takes the `fetch` of the platform. */
const openai4 = (answer: SpelledAnswer) => new OpenAI4(settings(answer) as never) as unknown as OpenAI;

/** JSON of which nothing is known. */
type Wire = ReturnType<typeof JSON.parse>;

/** The enumerable members of whatever a client has made. */
function plain(value: unknown): Wire {
  return JSON.parse(JSON.stringify(value));
}

type AskChat = (client: OpenAI) => { finalChatCompletion(): Promise<unknown> };

const chatOf = (connect: (answer: SpelledAnswer) => OpenAI, ask: AskChat) => async (answer: SpelledAnswer) => {
  const client = connect(answer);
  const made = answer.isStream ? await ask(client).finalChatCompletion() : await client.chat.completions.create(CHAT);
  return usualChat(plain(made));
};

/** Of a chat completion, by openai-node of today and of yesterday. */
export const chatByOpenai7 = chatOf(openai7, (client) => client.chat.completions.stream(CHAT));
export const chatByOpenai4 = chatOf(openai4, (client) =>
  (client as unknown as { beta: { chat: OpenAI['chat'] } }).beta.chat.completions.stream(CHAT),
);

/**
 * Its helper of streams fills in what an answer leaves out, leaves out what is null, and overwrites thoughts that come
 * in pieces: those are compared by the pieces themselves. The older one keeps the padding of the last chunk.
 */
function usualChat(answer: Wire): unknown {
  const { usage, system_fingerprint: fingerprint, choices, obfuscation: _0, ...others } = answer;
  return {
    ...others,
    ...(usage && { usage }),
    ...(fingerprint && { fingerprint }),
    choices: choices.map(({ message, logprobs, ...choice }: Wire) => {
      const { reasoning_content: _1, reasoning: _2, thinking: _3, annotations, parsed: _4, ...said } = message;
      for (const name in said) if (said[name] === null && name !== 'content') delete said[name];
      for (const call of said.tool_calls ?? []) if (call.function) delete call.function.parsed_arguments;
      return {
        ...choice,
        message: { ...said, ...(annotations?.length > 0 && { annotations }) },
        logprobs: logprobs ?? null,
      };
    }),
  };
}

/** Of a response, by openai-node of today, whose accumulator takes nothing that the API does not send. */
export async function responseByOpenai7(answer: SpelledAnswer): Promise<unknown> {
  const client = openai7(answer);
  const made = answer.isStream
    ? await client.responses.stream(RESPONSE).finalResponse()
    : await client.responses.create(RESPONSE);
  return usualResponse(plain(made));
}

export async function responseByOpenai4(answer: SpelledAnswer): Promise<unknown> {
  const client = openai4(answer);
  const made = answer.isStream
    ? await client.responses.stream(RESPONSE).finalResponse()
    : await client.responses.create(RESPONSE);
  return usualResponse(plain(made));
}

/** Its helper parses what was not asked to be parsed, and says that there was nothing. */
function usualResponse(answer: Wire): unknown {
  const { output_parsed: _1, output_text: _2, ...others } = answer;
  for (const item of others.output) {
    delete item.parsed_arguments;
    if (item.type === 'message') for (const part of item.content) delete part.parsed;
  }
  return others;
}

export async function messageByAnthropic(answer: SpelledAnswer): Promise<unknown> {
  const client = new Anthropic(settings(answer));
  const made = answer.isStream
    ? await client.messages.stream(MESSAGE).finalMessage()
    : await client.messages.create(MESSAGE);
  const { parsed_output: _, ...message } = plain(made);
  return message;
}

type Model = ReturnType<ReturnType<typeof createOpenAI>['chat']>;

const MODELS = {
  chat: (openai: ReturnType<typeof createOpenAI>) => openai.chat('m'),
  completions: (openai: ReturnType<typeof createOpenAI>) => openai.completion('m'),
  responses: (openai: ReturnType<typeof createOpenAI>) => openai.responses('m'),
};

/** Of any answer, by the AI SDK: it reads the pieces themselves, not what the last event says of them. */
export async function byAiSdk(endpoint: keyof typeof MODELS, answer: SpelledAnswer): Promise<unknown> {
  const model = MODELS[endpoint](createOpenAI({ apiKey: 'sk-test', fetch: answering(answer) })) as Model;
  const call = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: PROMPT }] }] };
  if (answer.isStream) return gathered((await model.doStream({ ...call, includeRawChunks: false })).stream);
  const { content, finishReason, usage } = await model.doGenerate(call);
  return { content: content.map(usualPart), finishReason, usage };
}

async function gathered(parts: ReadableStream<Wire>): Promise<unknown> {
  const content: Wire[] = [];
  const open = new Map<string, Wire>();
  let ending = {};
  for await (const part of parts) {
    const { type, id } = part;
    if (type === 'error') throw part.error;
    if (type === 'text-start' || type === 'reasoning-start') {
      open.set(id, { type: type.replace('-start', ''), text: '', providerMetadata: part.providerMetadata });
      content.push(open.get(id));
    }
    if (type === 'text-delta' || type === 'reasoning-delta') open.get(id).text += part.delta;
    if (type === 'tool-call' || type === 'source') content.push(part);
    if (type === 'finish') ending = { finishReason: part.finishReason, usage: part.usage };
  }
  return { content: content.map(usualPart), ...ending };
}

/** The metadata of a part in a stream grow with it; the ids of sources are made by the client. */
function usualPart({ type, text, toolCallId, toolName, input, url, title }: Wire): unknown {
  return plain({ type, text, toolCallId, toolName, input, url, title });
}
