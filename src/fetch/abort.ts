/**
 * The signal of a request: its caller leaves when it is aborted, and nobody
 * else does.
 */
import type { Client } from '../cache/question.ts';

/** Rejects with the reason of the signal as soon as that is aborted, whatever becomes of `promise`. */
export function unlessAborted<Value>(signal: AbortSignal | null, promise: Promise<Value>): Promise<Value> {
  if (signal === null) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

export function clientOf(signal: AbortSignal | null): Client {
  return {
    onceGone(act) {
      if (signal?.aborted) act();
      signal?.addEventListener('abort', act);
      return () => signal?.removeEventListener('abort', act);
    },
  };
}
