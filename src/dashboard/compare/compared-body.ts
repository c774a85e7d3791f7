/**
 * Two texts as `POST /explain` takes them: keys of entries, or requests in JSON.
 */
import type { ComparisonAnswer } from '../api/answers.ts';

export interface ComparedBody {
  readonly keys?: readonly [string, string];
  /** The second of both, whichever was first. */
  readonly key?: string;
  readonly a?: unknown;
  readonly b?: unknown;
}

/** @returns a sentence where one of the texts is neither */
export function comparedBody(a: string, b: string): ComparedBody | string {
  const [one, other] = [sideOf(a), sideOf(b)];
  for (const [name, side] of [
    ['A', one],
    ['B', other],
  ] as const) {
    if (!side) return `Request ${name} is neither the key of an entry nor an object in JSON.`;
  }
  if (one?.key !== undefined && other?.key !== undefined) return { keys: [one.key, other.key] };
  if (one?.key !== undefined) return { a: other?.request, key: one.key };
  if (other?.key !== undefined) return { a: one?.request, key: other.key };
  return { a: one?.request, b: other?.request };
}

/** An answer with its sides as they were given: where the key came first, the API has it second. */
export function asGiven(answer: ComparisonAnswer, a: string, body: ComparedBody): ComparisonAnswer {
  if (body.key === undefined || sideOf(a)?.key === undefined) return answer;
  const differences = answer.differences.map((part) => ({ ...part, a: part.b, b: part.a }));
  return { ...answer, a: answer.b, b: answer.a, differences };
}

function sideOf(text: string): { readonly key?: string; readonly request?: unknown } | null {
  const trimmed = text.trim();
  if (/^[0-9a-f]{16,64}(?:\.[a-z+]+(?:~[0-9a-f]{16})?)?$/.test(trimmed)) return { key: trimmed };
  try {
    const value: unknown = JSON.parse(trimmed);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    // A body alone, or a request with its path and headers around one. The text itself keeps what parsing would lose.
    return { request: 'body' in value ? value : { path: pathFor(value), body: trimmed } };
  } catch {
    return null;
  }
}

/** The endpoint that a body is of, by its members. */
function pathFor(body: object): string {
  if ('messages' in body) return '/v1/chat/completions';
  if ('prompt' in body) return '/v1/completions';
  const isEmbedding = 'input' in body && /embed/i.test(String((body as { model?: unknown }).model));
  if (isEmbedding || 'encoding_format' in body) return '/v1/embeddings';
  return 'input' in body ? '/v1/responses' : '/v1/chat/completions';
}
