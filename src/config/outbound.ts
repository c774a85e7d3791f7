/**
 * The proxy between Refrain and its upstreams, as the variables say that every
 * program shares. In lower case they win: curl reads `http_proxy` alone,
 * because a CGI server sets `HTTP_PROXY` from a client's `Proxy` header.
 */
import { z } from 'zod';
import type { ValueType } from './setting.ts';
import { readValue, type RawValues } from './raw-value.ts';

export interface OutboundProxy {
  /** URL of the proxy for http upstreams, perhaps with credentials. */
  readonly http: string | null;
  /** URL of the proxy for https upstreams, perhaps with credentials. */
  readonly https: string | null;
  /** Hosts that are reached directly, with commas between, as the variable has it. */
  readonly no: string | null;
}

export const PROXY_VARIABLES = [
  'http_proxy',
  'HTTP_PROXY',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
] as const;

const proxyUrl: ValueType<string> = {
  schema: z
    .string()
    .transform((text) => (text.includes('://') ? text : `http://${text}`))
    .refine((text) => /^https?:/i.test(text) && URL.canParse(text)),
  allowed: 'the http or https URL of a proxy',
  secret: true,
};

const hosts: ValueType<string> = { schema: z.string(), allowed: 'a list of hosts with commas between' };

export function readOutboundProxy(variables: RawValues): OutboundProxy {
  const read = (name: 'http' | 'https' | 'no', type: ValueType<string>) => {
    const rawValue = variables.get(`${name}_proxy`) ?? variables.get(`${name.toUpperCase()}_PROXY`);
    return rawValue === undefined ? null : readValue(rawValue, type);
  };
  return { http: read('http', proxyUrl), https: read('https', proxyUrl), no: read('no', hosts) };
}
