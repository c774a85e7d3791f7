/**
 * Cookies that load balancers and bot filters set. A client with a cookie jar
 * sends them back, with a value that is fresh for each connection or half an
 * hour, and they choose a machine, never an answer. Every other cookie is in
 * the key.
 */
import { createMatcher } from './name-list.ts';

/** Names as they are written; `*` at the end stands for any ending. */
const ROUTING_COOKIES: readonly string[] = [
  // Elastic Load Balancing
  'AWSALB*',
  'AWSELB*',
  // Cloudflare: bot management, rate limits, load balancing; OpenAI's own
  '__cf_bm',
  '_cfuvid',
  '__cfruid',
  '__cfseq',
  '__cflb',
  '__oailb',
  // Alibaba Cloud, Huawei Cloud
  'acw_tc',
  'HWWAFSESID',
  'HWWAFSESTIME',
  // Azure: App Service, Application Gateway, Front Door
  'ARRAffinity*',
  'ApplicationGatewayAffinity*',
  'ASLBSA*',
  // Google Cloud, ingress-nginx
  'GCLB',
  'INGRESSCOOKIE',
];

const isRoutingName = createMatcher(ROUTING_COOKIES);

/** A pair in which no reader of cookies finds the end of another: quotes stand around a whole value or nowhere. */
const PLAIN_PAIR = /^[^"]*$|^[^"]*="[^"]*"$/;

/**
 * The values of `Cookie` as the key has them: as they came where none of these
 * names is among them, else the other cookies in their order.
 */
export function keyedCookies(values: readonly string[]): readonly string[] {
  const pairs = values.flatMap((value) => value.split(';').map((pair) => pair.trim()));
  const others = pairs.filter((pair) => pair !== '' && !isRouting(pair));
  if (!pairs.some(isRouting) || !pairs.every((pair) => PLAIN_PAIR.test(pair))) return values;
  return others.length === 0 ? [] : [others.join('; ')];
}

function isRouting(pair: string): boolean {
  return isRoutingName(pair.split('=', 1)[0] as string);
}
