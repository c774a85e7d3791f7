/**
 * OpenAI's own clients, and an answer as the programs that use them see it.
 */
import { OpenAI } from 'openai';
import { OpenAI as OpenAI4 } from 'openai-4';

type ChatStream = ReturnType<OpenAI['chat']['completions']['stream']>;
export type ChatStreamQuestion = Parameters<OpenAI['chat']['completions']['stream']>[0];

/** A version of the package. What both can do alike is written once, against the types of the newer one. */
export interface Sdk {
  readonly name: string;
  readonly Client: typeof OpenAI;
  /** The helper that puts a chat stream together, which has moved from one version to the other. */
  readonly streamChat: (client: OpenAI, question: ChatStreamQuestion, headers: Record<string, string>) => ChatStream;
}

/** The newest speaks through `fetch` and hangs up on reading `[DONE]`. */
export const NEWEST: Sdk = {
  name: 'openai 7',
  Client: OpenAI,
  streamChat: (client, question, headers) => client.chat.completions.stream(question, { headers }),
};

/** The one that older programs have speaks through `node:http` and reads to the end. */
export const OLDER: Sdk = {
  name: 'openai 4',
  Client: OpenAI4 as unknown as typeof OpenAI,
  streamChat: (client, question, headers) =>
    (client as unknown as BetaClient).beta.chat.completions.stream(question, { headers }),
};

interface BetaClient {
  readonly beta: { readonly chat: { readonly completions: OpenAI['chat']['completions'] } };
}

export function connect(
  { Client }: Sdk,
  baseURL: string,
  options: { readonly maxRetries?: number; readonly defaultHeaders?: Record<string, string> } = {},
): OpenAI {
  return new Client({ baseURL, apiKey: 'sk-test', ...options });
}

/** An answer, parsed. */
export interface Told {
  /** The value of `x-cache`. */
  readonly word: string | null;
  readonly value: unknown;
  readonly requestId: string | null | undefined;
}

/** A request that is under way, with the response it comes in. */
interface Asked<Value> {
  withResponse(): Promise<{ readonly data: Value; readonly response: Response; readonly request_id: string | null }>;
}

export async function readJson(asked: Asked<object>): Promise<Told> {
  const { data, response } = await asked.withResponse();
  const { _request_id: requestId } = data as { readonly _request_id?: string | null };
  return { word: response.headers.get('x-cache'), value: data, requestId };
}

export async function readEvents(asked: Asked<AsyncIterable<unknown>>): Promise<Told> {
  const { data, response, request_id: requestId } = await asked.withResponse();
  return { word: response.headers.get('x-cache'), value: await readAll(data), requestId };
}

/** All that a stream yields, in order; `into` keeps what came before a stream that breaks off. */
export async function readAll<Item>(stream: AsyncIterable<Item>, into: Item[] = []): Promise<Item[]> {
  for await (const item of stream) into.push(item);
  return into;
}
