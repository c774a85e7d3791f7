/**
 * Underlying fetches that do not keep to their own rules.
 */
import { expect } from 'vitest';
import { CHAT, chatAnswer, chatEvents } from '../harness/answers.ts';
import { until } from '../harness/until.ts';
import { chatInit, fetchStory, rejection, STREAMED, wordOf } from './fetch-story.ts';

const baseURL = 'https://api.example.test';
const url = baseURL + CHAT;

fetchStory('a stream that ignores its signal is let go of once nobody reads it', async ({ create }) => {
  let isCancelled = false;
  const body = () =>
    new ReadableStream({
      pull: async (controller) => {
        await new Promise((resolve) => setImmediate(resolve));
        controller.enqueue(Buffer.from(chatEvents()[0] as string));
      },
      cancel: () => void (isCancelled = true),
    });
  const underlying = async () => new Response(body(), { headers: { 'content-type': 'text/event-stream' } });
  const cached = create({ baseURL, fetch: underlying as typeof fetch });
  const answer = await cached(url, chatInit('x', STREAMED));
  await answer.body?.cancel();
  await until(() => isCancelled);
});

fetchStory('an answer that is none leaves its place to the next', async ({ create }) => {
  const answers: Response[] = [Response.error(), Response.json(JSON.parse(chatAnswer()))];
  const underlying = async () => answers.shift() as Response;
  const cached = create({
    baseURL,
    fetch: underlying as typeof fetch,
    limits: { flights: 1, listeners: 1 },
    logLevel: 'silent',
  });
  expect(await rejection(cached(url, chatInit('x')))).toBeInstanceOf(TypeError);
  expect(wordOf(await cached(url, chatInit('y')))).toBe('MISS');
});

fetchStory('a call that ignores its signal does not outlive the fetch that is closed', async ({ create }) => {
  const asked = Promise.withResolvers<void>();
  const underlying = () => {
    asked.resolve();
    return new Promise<Response>(() => {});
  };
  const cached = create({ baseURL, fetch: underlying });
  const waiting = rejection(cached(url, chatInit('x')));
  await asked.promise;
  await cached.close();
  expect(await waiting).toBeInstanceOf(TypeError);
});
