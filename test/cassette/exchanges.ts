/** Exchanges to look for secrets in, and to redact. */
import type { RecordedExchange } from '../../src/cassette/recorded-exchange.ts';

interface ExchangeParts {
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text, bytes, or a value for JSON. */
  readonly asked?: unknown;
  readonly answered?: unknown;
  readonly answerHeaders?: readonly string[];
  readonly type?: string;
}

export function exchangeOf(parts: ExchangeParts = {}): RecordedExchange {
  const { path = '/chat/completions', query = '', headers = {}, asked = {}, answered = {}, answerHeaders = [] } = parts;
  return {
    sample: 1,
    request: {
      upstream: null,
      dialect: 'openai',
      method: 'POST',
      path,
      query,
      headers: { 'content-type': 'application/json', ...headers },
      body: bytesOf(asked),
    },
    answer: {
      head: {
        status: 200,
        statusText: 'OK',
        headers: ['content-type', parts.type ?? 'application/json', ...answerHeaders],
      },
      body: bytesOf(answered),
    },
  };
}

/** A stream of chat with these pieces, in which the choice of each is given. */
export function chatStream(pieces: readonly (readonly [choice: number, text: string])[]): string {
  const events = pieces.map(([index, content]) =>
    JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [{ index, delta: { content } }] }),
  );
  return [...events, '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
}

function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}
