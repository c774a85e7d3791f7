/**
 * Two days in the life of a cache, in seconds: traffic through a proxy whose clock is turned back, then on, so that its
 * page has something to show. The same every time, from the same dice.
 */
import { OpenAI } from 'openai';

/** A clock's hands, in ms from now on; 0 is now. */
export interface Hands {
  offset: number;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;

const MODELS = ['gpt-4o-mini', 'gpt-4o-mini', 'gpt-4o', 'gpt-4.1', 'llama-3.3-70b'] as const;
const TEAMS = ['search', 'docs', 'evals'] as const;
const SUBJECTS = ['the sea', 'rivers', 'the tide', 'rain', 'ice', 'clouds', 'springs', 'fog'] as const;
const WORDS = ['salt', 'deep', 'cold', 'loud', 'blue', 'still', 'old'] as const;

const LOOKUP = {
  type: 'function' as const,
  function: { name: 'look_up', parameters: { type: 'object', properties: { term: { type: 'string' } } } },
};

/** The time from one burst of questions to the next. */
function stepAt(ago: number): number {
  if (ago > 24 * HOUR) return HOUR;
  return ago > HOUR ? 10 * MINUTE : MINUTE;
}

/** Numbers from 0 to 1 that are the same in every run. */
function createDice(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Asks through a proxy as several programs would. @param baseURL of its API */
export class SampleTraffic {
  readonly #dice = createDice();
  readonly #clients: readonly OpenAI[];

  constructor(baseURL: string) {
    this.#clients = TEAMS.map((team) => new OpenAI({ baseURL, apiKey: `sk-${team}`, maxRetries: 0 }));
  }

  /** Fills two days up to now, with a pause in the last night. */
  async fill(hands: Hands): Promise<void> {
    for (let ago = 48 * HOUR; ago > 0; ago -= stepAt(ago)) {
      hands.offset = -ago;
      const hour = ago / HOUR;
      const isNight = hour > 12 && hour < 13.5;
      const rate = Math.round((32 + 12 * Math.sin(hour / 3)) * (0.5 + this.#dice()) * (hour > 1 ? 1 : 0.12));
      await Promise.all(Array.from({ length: isNight ? 0 : rate }, () => this.ask(60 + 2 * (48 - hour))));
    }
    hands.offset = 0;
  }

  /** Asks one question of so many that there are; some are asked more often than others. */
  async ask(questions = 150): Promise<void> {
    const at = Math.floor(this.#dice() ** 2.4 * questions);
    const chance = this.#dice();
    const client = this.#clients[at % TEAMS.length] as OpenAI;
    const model = MODELS[at % MODELS.length] as string;
    const control =
      chance < 0.03 ? { 'cache-control': 'no-store' } : chance < 0.05 ? { 'cache-control': 'no-cache' } : {};
    const headers = { ...control, ...(at % 4 === 0 && { 'x-refrain-tags': `run-${at % 7},docs` }) };
    const [subject, word] = [SUBJECTS[at % SUBJECTS.length], WORDS[at % WORDS.length]];
    const text = `Why is ${subject} ${word}? Answer in ${1 + (at % 9)} sentences.`;
    await send(client, model, text, at, headers).catch(() => {});
  }
}

async function send(client: OpenAI, model: string, text: string, at: number, headers: Record<string, string>) {
  if (at % 11 === 5) {
    const question = { model: 'text-embedding-3-small', input: text, encoding_format: 'float' as const };
    return void (await client.embeddings.create(question, { headers }));
  }
  const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'You are a patient teacher.' },
    { role: 'user', content: text },
  ];
  if (at % 6 === 3) {
    return void (await client.chat.completions.create({ model, messages, tools: [LOOKUP] }, { headers }));
  }
  if (at % 2 === 0) return void (await client.chat.completions.create({ model, messages }, { headers }));
  const stream = await client.chat.completions.create({ model, messages, stream: true }, { headers });
  for await (const _ of stream) continue;
}
