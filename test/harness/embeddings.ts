/**
 * An upstream of embeddings and moderations whose answer to an input is a function of that input.
 */
import { hash } from 'node:crypto';
import { sendJson } from './answers.ts';
import type { Call } from './upstream.ts';

export const EMBEDDINGS = '/v1/embeddings';

export interface EmbeddingsStyle {
  readonly dimensions?: number;
  /** Names the items out of order. */
  readonly isShuffled?: boolean;
  readonly isIndexless?: boolean;
  /** Members of the answer beside the usual ones. */
  readonly others?: object;
  readonly headers?: Record<string, string>;
}

/** The source text of the vector of an input. */
export function vectorOf(input: unknown, encoding = 'float', dimensions = 3): string {
  const seed = hash('sha256', JSON.stringify(input), 'buffer');
  const bytes = Buffer.alloc(dimensions * 4, seed);
  if (encoding === 'base64') return JSON.stringify(bytes.toString('base64'));
  // Spellings that no number survives.
  const numbers = Array.from({ length: dimensions }, (_, at) => `-0.${seed[at % 32]}0${at}e-0${(at % 8) + 1}`);
  return `[${numbers.join(', ')}]`;
}

/** The tokens of an input. */
export function tokensOf(input: unknown): number {
  return Array.isArray(input) ? input.length : Math.ceil(String(input).length / 4) + 1;
}

/** The inputs of a request, each on its own. */
export function inputsOf(body: string): readonly unknown[] {
  const { input } = JSON.parse(body) as { input: unknown };
  return Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
}

export function embeds(style: EmbeddingsStyle = {}): (call: Call) => void {
  return (call) => {
    const body = call.body.toString();
    const { encoding_format: encoding, model } = JSON.parse(body);
    const inputs = inputsOf(body);
    const items = inputs.map((input, index) => {
      const number = style.isIndexless ? '' : `"index": ${index}, `;
      return `{"object":"embedding", ${number}"embedding": ${vectorOf(input, encoding, style.dimensions)}}`;
    });
    if (style.isShuffled) items.reverse();
    const tokens = inputs.reduce((sum: number, input) => sum + tokensOf(input), 0);
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    const others = Object.entries(style.others ?? {}).map(([name, value]) => `"${name}":${JSON.stringify(value)},`);
    const end = `"model":"${model}-1","usage":${JSON.stringify(usage)}`;
    const text = `{"object":"list","data":[${items.join()}],${others.join('')}${end}}`;
    sendJson(call, text, 200, style.headers);
  };
}

/** Moderations, each result of which names its input. */
export function moderates(call: Call): void {
  const results = inputsOf(call.body.toString()).map((input) => ({ flagged: false, of: input, scores: { a: 1e-7 } }));
  sendJson(call, JSON.stringify({ id: 'modr-1', model: 'omni', results }));
}
