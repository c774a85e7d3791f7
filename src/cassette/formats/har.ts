/**
 * HTTP Archives, version 1.2, as Polly and browsers write them: http://www.softwareishard.com/blog/har-12-spec.
 */
import { z } from 'zod';
import { parse } from '../../response/json.ts';
import { type ForeignExchange, type ForeignFile, FormatError, readParts } from './foreign-exchange.ts';

const HEADERS = z.array(z.object({ name: z.string(), value: z.string() })).default([]);

const FILE = z.object({ log: z.object({ entries: z.array(z.unknown()) }) });

const ENTRY = z.object({
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: HEADERS,
    postData: z.object({ text: z.string().nullish(), encoding: z.string().nullish() }).nullish(),
  }),
  response: z.object({
    status: z.number().int(),
    statusText: z.string().default(''),
    headers: HEADERS,
    content: z.object({ text: z.string().nullish(), encoding: z.string().nullish() }).default({}),
  }),
  time: z.number().nullish(),
  timings: z.object({ wait: z.number().nullish() }).nullish(),
});

type Content = { readonly text?: string | null | undefined; readonly encoding?: string | null | undefined };

/** @throws FormatError */
export function readHar(document: unknown): ForeignFile {
  const file = FILE.safeParse(document);
  if (!file.success) throw new FormatError('it has no log of entries, as HTTP Archives have');
  return readParts(file.data.log.entries, 'entry', readEntry);
}

function readEntry(value: unknown): ForeignExchange {
  const parsed = ENTRY.safeParse(value);
  if (!parsed.success) throw new FormatError('it has no request and response as HTTP Archives have them');
  const { request, response, time, timings } = parsed.data;
  if (response.status < 200) throw new FormatError('it has no answer');
  const ms = time ?? 0;
  return {
    method: request.method,
    url: request.url,
    requestHeaders: rawHeaders(request.headers),
    requestBody: bytesOf(request.postData ?? {}),
    status: response.status,
    statusText: response.statusText,
    headers: rawHeaders(response.headers),
    body: bytesOf(response.content),
    ...(ms > 0 && { timing: { firstByteMs: Math.min(ms, Math.max(0, timings?.wait ?? ms)), ms } }),
  };
}

/** Polly keeps the chunks of a body with a content coding: a list of base64 texts in JSON. */
function bytesOf({ text, encoding }: Content): Buffer {
  if (!text) return Buffer.alloc(0);
  if (encoding !== 'base64') return Buffer.from(text);
  if (!text.startsWith('[')) return Buffer.from(text, 'base64');
  const chunks = z.array(z.string()).safeParse(parse(text));
  if (!chunks.success) throw new FormatError('its body is no base64');
  return Buffer.concat(chunks.data.map((chunk) => Buffer.from(chunk, 'base64')));
}

function rawHeaders(headers: z.output<typeof HEADERS>): string[] {
  return headers.flatMap(({ name, value }) => [name, value]);
}
