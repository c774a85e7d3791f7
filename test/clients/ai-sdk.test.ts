/**
 * The AI SDK with its OpenAI provider, chat and responses models alike.
 */
import { createOpenAI, type OpenAIProvider } from '@ai-sdk/openai';
import {
  APICallError,
  embed,
  embedMany,
  generateText,
  isStepCount,
  jsonSchema,
  type LanguageModel,
  Output,
  streamText,
  type TextStreamPart,
  type ToolSet,
  tool,
} from 'ai';
import { describe, expect } from 'vitest';
import {
  answerAll,
  CHAT,
  chatAnswer,
  chatEvents,
  endAfter,
  resetAfter,
  responseAnswer,
  responseEvents,
  sendJson,
} from '../harness/answers.ts';
import { readAll } from '../harness/sdk.ts';
import { story } from '../harness/story.ts';
import { answerTools, DEPTH_ARGUMENTS, DEPTH_TOOL } from '../harness/tool-calls.ts';

/** An answer as a program sees it, and what `x-cache` says, step by step. */
interface Told {
  readonly words: unknown[];
  readonly value: unknown;
}

interface Step {
  readonly response: { readonly headers?: Record<string, string> | undefined };
}

const prompt = 'How deep is the Baltic?';
const { name, description, parameters } = DEPTH_TOOL;
const inputSchema = jsonSchema<{ sea: string }>(parameters);
const tools: ToolSet = { [name]: tool({ description, inputSchema }) };
const toolsThatRun: ToolSet = { [name]: tool({ description, inputSchema, execute: ({ sea }) => `${sea}: 55 m` }) };
// Items of a stored response are sent back by reference, which only the server can read.
const sentInFull = { openai: { store: false } };

/** A model, where it is asked, and a stream of its that breaks off. */
const MODELS: readonly (readonly [string, string, (openai: OpenAIProvider) => LanguageModel, readonly string[]])[] = [
  ['a chat model', CHAT, (openai) => openai.chat('gpt-test'), chatEvents().slice(0, -2)],
  ['a responses model', '/v1/responses', (openai) => openai.responses('gpt-test'), responseEvents().slice(0, -2)],
];

/** The request to a model, its form, and a piece of what comes back. */
const ASKED: readonly (readonly [string, (model: LanguageModel) => Promise<Told>, string])[] = [
  ['a text', (model) => generate({ model, prompt }), '"text":"Salt water."'],
  ['a tool call', (model) => generate({ model, prompt, tools }), `"input":${JSON.stringify(DEPTH_ARGUMENTS)}`],
  ['a streamed text', (model) => stream({ model, prompt }), '"type":"finish","finishReason":"stop"'],
  ['a streamed tool call', (model) => stream({ model, prompt, tools }), `"input":${JSON.stringify(DEPTH_ARGUMENTS)}`],
];

async function generate(...asked: Parameters<typeof generateText>): Promise<Told> {
  const { steps } = await generateText(...asked);
  return { words: steps.map(wordOf), value: steps.map(withoutCall) };
}

async function stream(...asked: Parameters<typeof streamText>): Promise<Told> {
  const result = streamText(...asked);
  const parts = await readAll(result.stream);
  return { words: (await result.steps).map(wordOf), value: parts.map(withoutCall) };
}

function wordOf({ response }: Step): unknown {
  return response.headers?.['x-cache'];
}

/** A step, or a part of a stream, without what belongs to one call: its id, its pace and its headers. */
function withoutCall(step: object): object {
  const { callId, performance, response, ...others } = step as Partial<Step & { callId: string; performance: object }>;
  if (response === undefined) return others;
  const { headers, ...kept } = response;
  return { ...others, response: kept };
}

function connect(url: string): OpenAIProvider {
  return createOpenAI({ baseURL: url, apiKey: 'sk-test' });
}

describe.each(MODELS)('%s', (_, path, modelOf, unfinished) => {
  for (const base of ['/v1', '']) {
    for (const [what, ask, piece] of ASKED) {
      story(`is answered twice by one upstream call, at ${base || '/'}: ${what}`, async ({ upstream, open }) => {
        upstream.script = answerTools;
        const model = modelOf(connect((await open()).url + base));
        const first = await ask(model);
        expect(first.words).toEqual(['MISS']);
        expect(JSON.stringify(first.value)).toContain(piece);
        expect(await ask(model)).toEqual({ ...first, words: ['HIT'] });
        expect(upstream.calls.map(({ url }) => url)).toEqual([path]);
      });
    }
  }

  story('fills an object by its schema twice from one upstream call', async ({ upstream, open }) => {
    const text = JSON.stringify(DEPTH_ARGUMENTS);
    upstream.script = (call) =>
      sendJson(call, call.url.endsWith('/responses') ? responseAnswer(text) : chatAnswer(text));
    const model = modelOf(connect(`${(await open()).url}/v1`));
    for (const word of ['MISS', 'HIT']) {
      const { output, finalStep } = await generateText({
        model,
        prompt,
        output: Output.object({ schema: inputSchema }),
      });
      expect(output).toEqual(DEPTH_ARGUMENTS);
      expect(wordOf(finalStep)).toBe(word);
    }
    expect(upstream.calls).toHaveLength(1);
  });

  story(
    "repeats an agent's steps, the second of which brings the tool's result, without the upstream",
    async ({ upstream, open }) => {
      upstream.script = answerTools;
      const model = modelOf(connect(`${(await open()).url}/v1`));
      const ask = () =>
        generate({ model, prompt, tools: toolsThatRun, stopWhen: isStepCount(2), providerOptions: sentInFull });
      const first = await ask();
      expect(first.words).toEqual(['MISS', 'MISS']);
      expect(JSON.stringify(first.value)).toMatch(/Baltic: 55 m.*Salt water\./);
      expect(await ask()).toEqual({ ...first, words: ['HIT', 'HIT'] });
      expect(upstream.calls).toHaveLength(2);
    },
  );

  story(
    'is told of a stream that is reset, twice: by its error event and by its end; nothing is kept',
    async ({ upstream, open }) => {
      upstream.script = resetAfter(unfinished.join(''));
      const model = modelOf(connect(`${(await open()).url}/v1`));
      const noticed: unknown[] = [];
      const { stream: parts } = streamText({ model, prompt, onError: ({ error }) => void noticed.push(error) });
      const read: TextStreamPart<ToolSet>[] = [];
      await expect(readAll(parts, read)).rejects.toBeInstanceOf(APICallError);
      const told = read.flatMap((part) => (part.type === 'error' ? [part.error] : []));
      expect(JSON.stringify(told)).toContain('upstream_cut');
      expect(noticed).toEqual(told);
      expect(read.map(({ type }) => type).slice(-2)).toEqual(['text-delta', 'error']);
      upstream.script = answerAll;
      expect(await stream({ model, prompt })).toMatchObject({ words: ['MISS'] });
      expect(upstream.calls).toHaveLength(2);
    },
  );

  story(
    'reads a stream that its upstream ends too early as it would without Refrain; nothing is kept',
    async ({ upstream, open }) => {
      upstream.script = endAfter(unfinished.join(''));
      const { url } = await open();
      const read = async (base: string) => {
        const parts: TextStreamPart<ToolSet>[] = [];
        const end = await readAll(
          streamText({ model: modelOf(connect(`${base}/v1`)), prompt, onError: () => {} }).stream,
          parts,
        ).then(
          () => 'ended',
          ({ name }: Error) => name,
        );
        return { end, types: parts.map(({ type }) => type) };
      };
      const straight = await read(upstream.url);
      expect([await read(url), await read(url)]).toEqual([straight, straight]);
      expect(upstream.calls).toHaveLength(3);
    },
  );
});

describe('an embedding model', () => {
  story('is asked once for one value and once for many', async ({ upstream, open }) => {
    const model = connect(`${(await open()).url}/v1`).embedding('embed-test');
    for (const word of ['MISS', 'HIT']) {
      const one = await embed({ model, value: 'sea' });
      expect(one).toMatchObject({ embedding: [0.1, -0.25, 1e-7], response: { headers: { 'x-cache': word } } });
      const many = await embedMany({ model, values: ['salt', 'sand'] });
      expect(many).toMatchObject({
        embeddings: [
          [0.1, -0.25, 1e-7],
          [1.1, -0.25, 1e-7],
        ],
        responses: [{ headers: { 'x-cache': word } }],
      });
    }
    expect(upstream.calls).toHaveLength(2);
  });
});
