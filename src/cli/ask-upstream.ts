/**
 * An upstream, asked by the doctor: directly, by way of the configured proxy,
 * and for no more than a short answer.
 */
import type { Config } from '../config/config.ts';
import { parse } from '../response/json.ts';
import { createAgent } from '../upstream/agent.ts';

export interface UpstreamProbe {
  readonly url: string;
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
  readonly models: readonly ListedModel[];
}

/** The rest beyond this is not read. */
const MOST_BYTES = 1024 * 1024;

/** An upstream that answers can be reached, whatever it answers. */
export async function greet(base: string, config: Config, signal: AbortSignal): Promise<Greeting> {
  const answer = await askUpstream({ url: `${base}/models` }, config, signal);
  return { ...answer, models: modelsOf(answer.json) };
}

/** @throws where there is no answer, or it breaks off */
export async function askUpstream(probe: UpstreamProbe, config: Config, signal: AbortSignal): Promise<Answered> {
  const { url, key = null, body } = probe;
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
      headers: { accept, 'content-type': 'application/json', ...credential(hostname, key) },
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

function credential(hostname: string, key: string | null): Record<string, string> {
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
