/**
 * An upstream, asked by the doctor: directly, by way of the configured proxy,
 * and for no more than a short answer.
 */
import type { Config } from '../config/config.ts';
import type { Dialect } from '../dialect.ts';
import { parse } from '../response/json.ts';
import { createAgent } from '../upstream/agent.ts';

export interface UpstreamProbe {
  readonly url: string;
  readonly dialect: Dialect;
  /** The key of this very upstream. */
  readonly key?: string | null;
  /** Makes it a POST. */
  readonly body?: object;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly server: string;
  readonly cacheControl: string;
  /** Its clock, in milliseconds since the epoch; null where it did not say. */
  readonly date: number | null;
  readonly text: string;
  /** Null where the text is no JSON. */
  readonly json: unknown;
}

export interface ListedModel {
  readonly id: string;
  readonly ownedBy: string;
}

/** The answer of an upstream to a request without credentials. */
export interface Greeting extends Answered {
  /** The URL below which its API is. */
  readonly base: string;
  readonly models: readonly ListedModel[];
}

/** The rest beyond this is not read. */
const MOST_BYTES = 1024 * 1024;

/** An upstream that answers can be reached, whatever it answers. @param url as it is set */
export async function greet(
  { url, dialect }: Pick<UpstreamProbe, 'url' | 'dialect'>,
  config: Config,
  signal: AbortSignal,
): Promise<Greeting> {
  const [base, other] = basesOf(url, dialect);
  const greetAt = async (at: string) => {
    const answer = await askUpstream({ url: `${at}/models`, dialect }, config, signal);
    return { ...answer, base: at, models: modelsOf(answer.json) };
  };
  const greeting = await greetAt(base);
  if (greeting.status !== 404 || other === undefined) return greeting;
  const another = await greetAt(other);
  return another.status === 404 ? greeting : another;
}

/** The URLs below which the API of an upstream may be: clients of one that has no path may ask below `/v1`. */
function basesOf(url: string, dialect: Dialect): [base: string, other?: string] {
  if (url.endsWith('/v1')) return [url];
  if (dialect === 'anthropic') return [`${url}/v1`];
  return new URL(url).pathname === '/' ? [url, `${url}/v1`] : [url];
}

/** @throws where there is no answer, or it breaks off */
export async function askUpstream(probe: UpstreamProbe, config: Config, signal: AbortSignal): Promise<Answered> {
  const { url, dialect, key = null, body } = probe;
  const { timeouts, proxy } = config;
  const agent = createAgent({ timeouts, proxy });
  try {
    const { origin, hostname, pathname: path } = new URL(url);
    const accept = body === undefined ? 'application/json' : 'text/event-stream, application/json';
    const answer = await agent.request({
      origin,
      path,
      method: body === undefined ? 'GET' : 'POST',
      body: body === undefined ? null : JSON.stringify(body),
      headers: { accept, 'content-type': 'application/json', ...credential(hostname, dialect, key) },
      signal,
    });
    const { statusCode, headers, body: stream } = answer;
    // Of a list that breaks off the head is answer enough; of a stream it is not.
    const text = body === undefined ? await readText(stream).catch(() => '') : await readText(stream);
    const date = Date.parse(String(headers['date']));
    const header = (name: string) => [headers[name] ?? ''].flat().join(', ');
    return {
      status: statusCode,
      type: header('content-type'),
      server: header('server'),
      cacheControl: header('cache-control'),
      date: Number.isNaN(date) ? null : date,
      text,
      json: parse(text) ?? null,
    };
  } finally {
    void agent.destroy();
  }
}

function credential(hostname: string, dialect: Dialect, key: string | null): Record<string, string> {
  if (dialect === 'anthropic') return { 'anthropic-version': '2023-06-01', ...(key !== null && { 'x-api-key': key }) };
  if (key === null) return {};
  return hostname.endsWith('.azure.com') ? { 'api-key': key } : { authorization: `Bearer ${key}` };
}

/** The models that a list in OpenAI's form names. */
export function modelsOf(json: unknown): readonly ListedModel[] {
  const { data } = (json ?? {}) as { data?: unknown };
  const models = Array.isArray(data) ? (data as readonly unknown[]) : [];
  return models.flatMap((model) => {
    const { id, owned_by: ownedBy } = (model ?? {}) as { id?: unknown; owned_by?: unknown };
    return typeof id === 'string' ? [{ id, ownedBy: String(ownedBy ?? '') }] : [];
  });
}

async function readText(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}
