/**
 * The admin API as the page asks it. The token lies here, in memory alone: a reload asks for it again.
 */
import { type ReadonlySignal, signal } from '@preact/signals';

/** An answer that is an error, or none. */
export class AskError extends Error {
  readonly status: number;
  readonly code: string;

  /** @param status 0 where nothing answered */
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type Access =
  /** Nothing was answered yet. */
  | 'unknown'
  /** Nothing stands in the way, as far as is known. */
  | 'open'
  /** A token is needed, and none was given. */
  | 'closed'
  /** The token that was given is not the one. */
  | 'wrong';

export interface AdminApi {
  readonly access: ReadonlySignal<Access>;
  /** Null while the proxy answers; since when it does not, in milliseconds since the epoch. */
  readonly silentSince: ReadonlySignal<number | null>;
  /** Counts the tokens that were given: what was asked before is asked anew. */
  readonly tokens: ReadonlySignal<number>;
  offer(token: string): Promise<void>;
  /** @throws AskError */
  ask<T>(path: string, init?: RequestInit): Promise<T>;
  /** @throws AskError */
  post<T>(path: string, body: unknown): Promise<T>;
  /** The answer itself, to be read as it comes. @throws AskError */
  open(path: string, signal: AbortSignal): Promise<Response>;
}

/** A token that a header can carry; there is no other. */
const CARRIED = /^[\x20-\x7e\xa0-\xff]+$/;

export function createAdminApi(): AdminApi {
  let token: string | null = null;
  const access = signal<Access>('unknown');
  const silentSince = signal<number | null>(null);
  const tokens = signal(0);

  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const sent = token;
    if (sent !== null) headers.set('authorization', `Bearer ${sent}`);
    const response = await fetch(path, { ...init, headers, cache: 'no-store' }).catch((cause: unknown) => {
      if (init.signal?.aborted) throw cause;
      silentSince.value ??= Date.now();
      throw new AskError(0, 'silent', 'the proxy does not answer');
    });
    silentSince.value = null;
    if (response.ok) {
      access.value = 'open';
      return response;
    }
    // An answer to another token says nothing of this one.
    if (response.status === 401 && sent === token) access.value = sent === null ? 'closed' : 'wrong';
    throw await errorOf(response);
  }

  async function ask<T>(path: string, init?: RequestInit): Promise<T> {
    return (await send(path, init)).json() as Promise<T>;
  }

  return {
    access,
    silentSince,
    tokens,
    async offer(given) {
      if (!CARRIED.test(given)) return void (access.value = 'wrong');
      token = given;
      // A route that needs the token, and costs next to nothing.
      const answers = await send('/openapi.json', { method: 'HEAD' }).catch((error: unknown) => error as AskError);
      if (answers instanceof Error) token = null;
      else tokens.value++;
    },
    ask,
    post: (path, body) =>
      ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    open: (path, signal) => send(path, { signal }),
  };
}

async function errorOf(response: Response): Promise<AskError> {
  const body = (await response.json().catch(() => null)) as { error?: { code?: string; message?: string } } | null;
  const { code = 'unknown', message = `${response.status} ${response.statusText}` } = body?.error ?? {};
  return new AskError(response.status, code, message);
}
