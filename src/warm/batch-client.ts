/**
 * A client of the proxy that is warmed: asks each request until it is answered, or asking again is of no use.
 */
import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import { endpointOf } from '../request/endpoints/table.ts';
import { TailUsage } from '../response/tail-usage.ts';
import type { Usage } from '../response/usage.ts';
import type { BatchRequest } from './batch-request.ts';
import { isTransient, MOST_TRIES, waitBefore } from './retry.ts';

/** The answer of a proxy, be it an error's. */
export interface ProxyAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Buffer;
  /** Null where the answer does not say. */
  readonly usage: Usage | null;
  /** The model that it names. */
  readonly model: string | null;
}

/** There was none, in all the tries that were made. */
export interface Unanswered {
  readonly error: string;
}

export interface BatchClientOptions {
  /** The proxy's, without a slash at its end and without `/v1`. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Ends what waits for its next try. */
  readonly stopping: AbortSignal;
}

/** An answer that is kept is had at once, whatever pace is set. */
const ALWAYS = { 'content-type': 'application/json', 'x-refrain-pace': 'instant' } as const;

export class BatchClient {
  readonly #options: BatchClientOptions;
  // However long a model takes: the proxy has the time limits.
  readonly #agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  constructor(options: BatchClientOptions) {
    this.#options = options;
  }

  /** Null where it was stopped before there was an answer. */
  async ask(asked: BatchRequest): Promise<ProxyAnswer | Unanswered | null> {
    const { clock, stopping } = this.#options;
    for (let tries = 1; ; tries++) {
      const answer = await this.once(asked);
      const header = 'error' in answer ? () => undefined : answer.header;
      const isToAskAgain = 'error' in answer || isTransient(answer.status, header);
      if (!isToAskAgain || tries === MOST_TRIES) return answer;
      const ms = waitBefore(tries, header, clock.now(), Math.random());
      if (ms === null) return answer;
      if (!(await waited(clock, ms, stopping))) return null;
    }
  }

  /** Asks but one time. @param headers further ones */
  async once(
    { url, body }: BatchRequest,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ProxyAnswer | Unanswered> {
    try {
      const answer = await request(this.#options.base + url, {
        method: 'POST',
        headers: { ...ALWAYS, ...this.#options.headers, ...headers },
        body,
        dispatcher: this.#agent,
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      const header = (name: string) => {
        const value = answer.headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      };
      return { status: answer.statusCode, header, body: bytes, ...costOf(url, bytes) };
    } catch (error) {
      return { error: reasonOf(error) };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function costOf(url: string, body: Buffer): Pick<ProxyAnswer, 'usage' | 'model'> {
  const path = url.replace(/^(\/v1)?(?=\/)/, '/v1').replace(/\?.*$/, '');
  const endpoint = endpointOf('POST', { path, basePath: '/v1' });
  if (endpoint === null) return { usage: null, model: null };
  const tail = new TailUsage(endpoint);
  tail.push(body);
  return { usage: tail.usage(), model: tail.model() };
}

/** @returns false where it was stopped before */
function waited(clock: Clock, ms: number, stopping: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (stopping.aborted) return resolve(false);
    const stop = () => {
      cancel();
      resolve(false);
    };
    const cancel = clock.after(
      ms,
      () => {
        stopping.removeEventListener('abort', stop);
        resolve(true);
      },
      true,
    );
    stopping.addEventListener('abort', stop, { once: true });
  });
}
