/**
 * A stored request as a command that asks it again, through the proxy.
 */
import type { KeptQuestion, StateAnswer } from '../api/answers.ts';
import { bodyToAsk } from './asked-body.ts';

/** The word for the credential, which is not kept. */
const CREDENTIAL = '"authorization: Bearer $OPENAI_API_KEY"';

/**
 * @param form of the answer that is kept
 * @param page the host that the page itself was loaded from
 */
export function curlOf(request: KeptQuestion, form: string, api: StateAnswer['api'] | undefined, page: string): string {
  const { method, path, query, headers, body } = request;
  const url = `${addressOf(api, page)}${path}${query === '' ? '' : `?${query.replace(/^\?/, '')}`}`;
  const named = Object.entries(headers).filter(([name]) => name !== 'content-type');
  const lines = [
    `curl ${quoted(url)}`,
    ...(method === 'POST' ? [] : [`-X ${method}`]),
    `-H ${CREDENTIAL}`,
    `-H 'content-type: ${headers['content-type']?.replaceAll("'", '') ?? 'application/json'}'`,
    ...named.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    `--data-binary ${quoted(bodyToAsk(body, form))}`,
  ];
  return lines.join(' \\\n  ');
}

/** Where the API listens, as a client on the reader's machine names it. */
export function addressOf(api: StateAnswer['api'] | undefined, page: string): string {
  const { host = '127.0.0.1', port = 4747, tls = false } = api ?? {};
  const isAny = host === '0.0.0.0' || host === '::';
  const name = isAny ? page : host;
  return `${tls ? 'https' : 'http'}://${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}`;
}

/** For a shell: nothing within single quotes means anything but itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
