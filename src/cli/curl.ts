/**
 * A kept request as a command of curl that asks the same. Credentials are kept nowhere: the key of the one who runs it
 * stands in the environment.
 */
import { inertLine, inertJsonText } from '../console/escape.ts';
import type { AskedRequest } from '../request/stored-request.ts';

export interface CurlCommand {
  readonly command: string;
  /** The headers that the request had, and that nobody can send again. */
  readonly leftOut: readonly string[];
}

const DIGEST = 'digest:';

/** Characters with which a header is no single line of a terminal. */
const UNSENDABLE = /[^\x20-\x7e]/;

/** @param base URL of the API to be asked, without a slash at its end */
export function curlFor({ method, path, query, headers, body }: AskedRequest, base: string): CurlCommand {
  const fields = Object.entries(headers).flatMap(([name, values]) =>
    values.split('\n').map((value) => [name, value] as const),
  );
  const sent = fields.filter(isSendable);
  const hasType = sent.some(([name]) => name === 'content-type');
  const words = [
    `curl -gsS ${quoted(base + path + (query && `?${query}`))}`,
    ...(method === 'POST' && body !== '' ? [] : [`-X ${quoted(method)}`]),
    '-H "authorization: Bearer $OPENAI_API_KEY"',
    ...(body === '' || hasType ? [] : [`-H 'content-type: application/json'`]),
    // With a colon and nothing behind it, curl would leave it out.
    ...sent.map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
  ];
  const leftOut = fields.filter((field) => !isSendable(field)).map(([name]) => inertLine(name));
  return { command: withBody(words.join(' \\\n  '), body), leftOut: [...new Set(leftOut)] };
}

function isSendable([name, value]: readonly [string, string]): boolean {
  return !value.startsWith(DIGEST) && !UNSENDABLE.test(name + value);
}

/** JSON between lines, as it is; anything else in base64, which neither a shell nor a terminal takes for more. */
function withBody(command: string, body: string): string {
  if (body === '') return command;
  if (isLineOfJson(body)) return `${command} \\\n  --data-binary @- <<'REFRAIN'\n${inertJsonText(body)}\nREFRAIN`;
  const encoded = Buffer.from(body).toString('base64');
  return `printf %s ${quoted(encoded)} | base64 -d | ${command} \\\n  --data-binary @-`;
}

function isLineOfJson(body: string): boolean {
  try {
    JSON.parse(body);
    return !/[\r\n]/.test(body);
  } catch {
    return false;
  }
}

/** One word of a POSIX shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
