/**
 * One question put through OpenAI's own client, and how its answer came.
 */
import type { OpenAI } from 'openai';

/** How an answer came; both times are measured by the client, in ms. */
export interface Arrival {
  readonly xCache: string;
  readonly firstByte: number;
  readonly whole: number;
}

export type Ask = (client: OpenAI, question: string) => Promise<Arrival>;

const MODEL = 'sample-model';

export const askJson: Ask = async (client, question) => {
  const start = performance.now();
  const asked = client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: question }] });
  const { headers } = await asked.asResponse();
  const firstByte = performance.now() - start;
  await asked;
  return { xCache: headers.get('x-cache') ?? '', firstByte, whole: performance.now() - start };
};

export const askStream: Ask = async (client, question) => {
  const start = performance.now();
  const asked = client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: question }],
    stream: true,
  });
  const { data, response } = await asked.withResponse();
  let firstByte: number | undefined;
  for await (const _ of data) firstByte ??= performance.now() - start;
  const whole = performance.now() - start;
  return { xCache: response.headers.get('x-cache') ?? '', firstByte: firstByte ?? whole, whole };
};
