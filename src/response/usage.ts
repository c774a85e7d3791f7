/**
 * The tokens of an answer, as its `usage` says them: chat and
 * completions count `prompt_tokens` and `completion_tokens`, embeddings the
 * first alone, responses `input_tokens` and `output_tokens`. Servers put it in
 * places of their own: in a choice, in its delta, in an object named after them;
 * and parts of it under names of their own.
 */
import { isObject, type Json } from './json.ts';

/** Tokens of one answer, as its `usage` says. */
export interface Usage {
  readonly input: number;
  /** Part of `input`: read from the upstream's own prefix cache. */
  readonly cachedInput: number;
  /** Part of `input` too: written to that cache, for five minutes or for an hour; absent where none is said to be. */
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly output: number;
  /** Part of `output`. */
  readonly reasoning: number;
}

/** More than any model takes or says in one call; a larger number is a mistake of the server. */
const MOST_TOKENS = 100_000_000;

/** Input that the upstream's own cache held, as DeepSeek, Moonshot and gateways to Anthropic name it. */
const CACHED_NAMES = ['prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens'] as const;

/** @returns null where this is no `usage`, or one in which a number is none */
export function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const input = countOf(value.prompt_tokens ?? value.input_tokens);
  const written = countOf(value.completion_tokens ?? value.output_tokens ?? 0);
  const details = value.prompt_tokens_details ?? value.input_tokens_details;
  const inputDetails = isObject(details) ? details : {};
  const named = CACHED_NAMES.map((name) => value[name]).find((count) => (count ?? null) !== null);
  const cached = countOf(inputDetails.cached_tokens ?? named ?? 0);
  const told = detailOf(value.completion_tokens_details ?? value.output_tokens_details, 'reasoning_tokens');
  if (input === null || written === null || cached === null || told === null) return null;
  // In the total alone, beside both: xAI and Gemini count so what was thought.
  const beside = Math.max(0, (countOf(value.total_tokens) ?? 0) - input - written);
  const isThought = told > 0 ? beside === told : beside > 0 && ![value, inputDetails].some(isCaching);
  const output = isThought ? written + beside : written;
  const reasoning = Math.min(isThought ? beside : told, output);
  return { input, cachedInput: Math.min(cached, input), output, reasoning };
}

/** Tests for tokens that a cache held or took, which some gateways count in the total alone. */
function isCaching(counts: Json): boolean {
  return Object.entries(counts).some(([name, count]) => /cached?(?!_miss)/.test(name) && Number(count) > 0);
}

/** A usage without that of some of the parts of its answer. */
export function usageWithout(usage: Usage, part: Usage): Usage {
  const left = (name: 'input' | 'cachedInput' | 'output' | 'reasoning') => Math.max(0, usage[name] - part[name]);
  return {
    ...usage,
    input: left('input'),
    cachedInput: left('cachedInput'),
    output: left('output'),
    reasoning: left('reasoning'),
  };
}

/** The usage in an answer or a chunk, wherever it stands; of several, one that counts something. */
export function findUsage(body: Json, read = readUsage): Usage | null {
  const within = (value: unknown) => (isObject(value) ? read(value.usage) : null);
  let usage = read(body.usage);
  if (isCounting(usage)) return usage;
  for (const name in body) usage = laterUsage(usage, within(body[name]));
  if (!Array.isArray(body.choices)) return usage;
  for (const choice of body.choices) {
    if (!isObject(choice)) continue;
    const { delta, message } = choice;
    usage = laterUsage(usage, within(choice) ?? within(delta) ?? within(message));
  }
  return usage;
}

/** Of what was reported before and now, what counts: servers send zeros where they have not counted. */
export function laterUsage(before: Usage | null, now: Usage | null): Usage | null {
  return isCounting(now) || before === null ? now : before;
}

function isCounting(usage: Usage | null): boolean {
  return usage !== null && (usage.input > 0 || usage.output > 0);
}

/** A detail that is missing is 0; null where it is no number of tokens. */
export function detailOf(details: unknown, name: string): number | null {
  return isObject(details) ? countOf(details[name] ?? 0) : 0;
}

/** A number of tokens; null where it is none. */
export function countOf(value: unknown): number | null {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_TOKENS
    ? (value as number)
    : null;
}

/** The usage in the answers of one endpoint. */
export interface UsageReader {
  /** @param value as it stands under `usage`; null where it is none */
  read(value: unknown): Usage | null;
  /** @param body a whole answer, or an event of a stream */
  find(body: Json): Usage | null;
  /** Of what was reported before and now, all that is known. */
  later(before: Usage | null, now: Usage | null): Usage | null;
}

export const OPENAI_USAGE: UsageReader = { read: readUsage, find: (body) => findUsage(body), later: laterUsage };

/** The same where nothing is written: all tokens are of the input, and some servers (Jina, Voyage) say no more. */
export const INPUT_USAGE: UsageReader = {
  read: readInputUsage,
  find: (body) => findUsage(body, readInputUsage),
  later: laterUsage,
};

function readInputUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const { total_tokens: total, ...others } = value;
  return readUsage({ ...others, prompt_tokens: others.prompt_tokens ?? others.input_tokens ?? total });
}

/** Tests whether a value that was kept is still what it was. */
export function isUsage(value: unknown): value is Usage {
  if (!isObject(value)) return false;
  const { input, cachedInput, cacheWrite5m = 0, cacheWrite1h = 0, output, reasoning } = value;
  return [input, cachedInput, cacheWrite5m, cacheWrite1h, output, reasoning].every((count) => countOf(count) !== null);
}
