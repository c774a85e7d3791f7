/**
 * A request as people write it down, to have it explained:
 * `{"path": "/v1/chat/completions", "headers": {"name": "value"}, "body": {…}}`.
 * Its body keeps the bytes that it is written with; one that is a JSON string
 * is the text of the body.
 */
import { z } from 'zod';
import { invalidBody } from '../errors.ts';
import { readTree, type JsonTree } from './tree.ts';

export interface WrittenRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const HEAD = z.strictObject({
  method: z.string().default('POST'),
  path: z.string().startsWith('/').default('/v1/chat/completions'),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
});

/**
 * @param name what it is called in an error
 * @throws RefrainError `invalid_body`
 */
export function readWrittenRequest({ members }: JsonTree, name: string): WrittenRequest {
  const body = members?.get('body');
  if (!members || !body)
    throw invalidBody(`${name} must be an object such as {"path":"/v1/chat/completions","headers":{},"body":{}}`);
  const head = HEAD.safeParse(
    Object.fromEntries(
      [...members].filter(([member]) => member !== 'body').map(([member, tree]) => [member, JSON.parse(tree.text)]),
    ),
  );
  if (!head.success) throw invalidBody(`${name}: ${z.prettifyError(head.error).replaceAll('\n', ' ')}`);
  const { method, path, headers } = head.data;
  const fields = Object.entries(headers).flatMap(([field, values]) =>
    [values].flat().flatMap((value) => [field, value]),
  );
  const text = body.text.startsWith('"') ? (JSON.parse(body.text) as string) : body.text;
  return { method, path, headers: fields, body: Buffer.from(text) };
}

/** @throws RefrainError `invalid_body` where the text is not one JSON value */
export function readDocument(text: string, name: string): JsonTree {
  try {
    JSON.parse(text);
    return readTree(text).tree;
  } catch {
    throw invalidBody(`${name} is not JSON`);
  }
}
