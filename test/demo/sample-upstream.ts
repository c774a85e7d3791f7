/**
 * A sample upstream: a plain server that answers chat completions at a human
 * pace, as a model would, and counts how often it is asked.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export interface SampleUpstream {
  readonly url: string;
  /** How often it has been asked. */
  readonly calls: number;
  stop(): Promise<void>;
}

const WORDS = (
  'The sea is salt because rivers carry what they wash out of the rocks into it, ' +
  'and because the sun lifts the water up again and leaves the salt behind.'
).split(' ');

const THINKING_MS = 500;

/** How long a word takes to come. */
const wordMs = (word: string) => 20 + 6 * word.length;

const WRITING_MS = WORDS.reduce((sum, word) => sum + wordMs(word), 0);

/** @param hurry how much faster than a model it answers */
export async function startSampleUpstream({ hurry = 1 } = {}): Promise<SampleUpstream> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls++;
    void answer(request, response, hurry);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Question {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly unknown[];
}

async function answer(request: IncomingMessage, response: ServerResponse, hurry: number): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const question = JSON.parse(await text(request)) as Question;
  await pause(THINKING_MS / hurry);
  if (question.stream) return sendStream(response, question.model, hurry);
  await pause(WRITING_MS / hurry);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(request.url?.endsWith('/embeddings') ? embedding(question) : completion(question)));
}

function completion({ model, tools }: Question): object {
  const call = { id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"term":"salinity"}' } };
  const message = tools
    ? { role: 'assistant', content: null, refusal: null, tool_calls: [call] }
    : { role: 'assistant', content: WORDS.join(' '), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: tools ? 'tool_calls' : 'stop' }];
  return { id: 'chatcmpl-sample', object: 'chat.completion', created: 1_700_000_000, model, choices, usage: USAGE };
}

/** As of a program whose prompts are long. */
const USAGE = { prompt_tokens: 1_840, completion_tokens: 260, total_tokens: 2_100 };

function embedding({ model }: Question): object {
  const data = [{ object: 'embedding', index: 0, embedding: Array.from({ length: 64 }, (_, at) => Math.sin(at)) }];
  return { object: 'list', model, data, usage: { prompt_tokens: 12, total_tokens: 12 } };
}

async function sendStream(response: ServerResponse, model: string, hurry: number): Promise<void> {
  const chunk = (delta: object, finish: string | null = null) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    const fields = { id: 'chatcmpl-sample', object: 'chat.completion.chunk', created: 1_700_000_000, model, choices };
    return `data: ${JSON.stringify(fields)}\n\n`;
  };
  response.setHeader('content-type', 'text/event-stream');
  for (const [index, word] of WORDS.entries()) {
    await pause(wordMs(word) / hurry);
    if (response.destroyed) return;
    response.write(chunk(index === 0 ? { role: 'assistant', content: word } : { content: ` ${word}` }));
  }
  response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
}
