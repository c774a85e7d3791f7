/**
 * Cassettes of vcrpy, in YAML or JSON: https://vcrpy.readthedocs.io. Its YAML is that of Python, version 1.1.
 */
import { z } from 'zod';
import { type ForeignExchange, type ForeignFile, FormatError, readParts } from './foreign-exchange.ts';

const TEXT = z.union([z.string(), z.instanceof(Uint8Array), z.null()]);
const HEADERS = z.record(
  z.string(),
  z.union([z.coerce.string().array(), z.coerce.string()]).transform((values) => [values].flat()),
);

const FILE = z.object({ version: z.literal(1), interactions: z.array(z.unknown()) });

const INTERACTION = z.object({
  request: z.object({
    method: z.string(),
    uri: z.string(),
    body: z.union([TEXT, z.record(z.string(), z.unknown())]).optional(),
    headers: HEADERS.nullish(),
  }),
  response: z.object({
    status: z.object({ code: z.coerce.number().int(), message: z.string().nullish() }),
    headers: HEADERS.nullish(),
    body: z.object({ string: TEXT.optional(), base64_string: z.string().optional() }).nullish(),
  }),
});

/** @throws FormatError */
export function readVcr(document: unknown): ForeignFile {
  const file = FILE.safeParse(document);
  if (!file.success) throw new FormatError('it has no interactions of version 1, as cassettes of vcrpy have');
  return readParts(file.data.interactions, 'interaction', readInteraction);
}

function readInteraction(value: unknown): ForeignExchange {
  const parsed = INTERACTION.safeParse(value);
  if (!parsed.success) throw new FormatError('it has no request and response as vcrpy writes them');
  const { request, response } = parsed.data;
  const answer = response.body ?? {};
  return {
    method: request.method,
    url: request.uri,
    requestHeaders: rawHeaders(request.headers),
    requestBody: requestBody(request.body),
    status: response.status.code,
    statusText: response.status.message ?? '',
    headers: rawHeaders(response.headers),
    body: answer.base64_string === undefined ? bytesOf(answer.string) : Buffer.from(answer.base64_string, 'base64'),
  };
}

/** A filter may have made a form's text, or a value, of it. */
function requestBody(body: string | Uint8Array | Record<string, unknown> | null | undefined): Buffer {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return bytesOf(body);
  throw new FormatError('the body of its request is not kept as bytes');
}

function bytesOf(text: string | Uint8Array | null | undefined): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text ?? []);
}

function rawHeaders(headers: Readonly<Record<string, readonly string[]>> | null | undefined): string[] {
  return Object.entries(headers ?? {}).flatMap(([name, values]) => values.flatMap((value) => [name, value]));
}
