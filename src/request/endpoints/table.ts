/**
 * Every endpoint by its name, and how one is found.
 */
import { type Endpoint, ENDPOINTS } from '../../endpoint.ts';
import { chat } from './chat.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { messages } from './messages.ts';
import { moderations } from './moderations.ts';
import type { EndpointPath, RequestEndpoint } from './request-endpoint.ts';
import { rerank } from './rerank.ts';
import { responses } from './responses.ts';

export const REQUEST_ENDPOINTS: Readonly<Record<Endpoint, RequestEndpoint>> = {
  chat,
  completions,
  embeddings,
  messages,
  moderations,
  responses,
  rerank,
};

/** The parts of an address that name the endpoint: the path at the upstream, without a query, and that of its base. */
export interface Address {
  readonly path: string;
  readonly basePath: string;
}

/** The endpoint that answers at an address, or nothing. */
export function endpointOf(method: string, address: Address): Endpoint | null {
  return method === 'POST' ? endpointAt(address) : null;
}

/** The endpoint that a request means whose target was never resolved, by the end of that alone; or nothing. */
export function endpointMeantBy(method: string, target: string): Endpoint | null {
  const path = target.split('?', 1)[0] as string;
  const isMeant = (place: EndpointPath) => path.endsWith('ending' in place ? place.ending : `/v1${place.below}`);
  return method === 'POST' ? (BY_LENGTH.find((endpoint) => isMeant(REQUEST_ENDPOINTS[endpoint].path)) ?? null) : null;
}

/** The id of the answer that a request deletes from its server, or nothing. */
export function deletedAnswerOf(method: string, { path, basePath }: Address): string | null {
  if (method !== 'DELETE') return null;
  const [, owner = '', id = null] = /^(.*)\/([^/]+)\/?$/.exec(path) ?? [];
  const endpoint = endpointAt({ path: owner, basePath });
  return endpoint !== null && REQUEST_ENDPOINTS[endpoint].isDeletable ? id : null;
}

/** Those whose path is longer are tried first: `/chat/completions` ends as `/completions` does. */
const BY_LENGTH = ENDPOINTS.toSorted(
  (a, b) => lengthOf(REQUEST_ENDPOINTS[b].path) - lengthOf(REQUEST_ENDPOINTS[a].path),
);

function endpointAt(address: Address): Endpoint | null {
  return BY_LENGTH.find((endpoint) => isAt(REQUEST_ENDPOINTS[endpoint].path, address)) ?? null;
}

function isAt(place: EndpointPath, { path, basePath }: Address): boolean {
  if ('ending' in place) return path.endsWith(place.ending);
  return path === (basePath.endsWith('/v1') ? basePath : `${basePath}/v1`) + place.below;
}

function lengthOf(place: EndpointPath): number {
  return ('ending' in place ? place.ending : place.below).length;
}

/** Tests whether the API documents this field of a body. */
export function isKnownField(endpoint: Endpoint, name: string): boolean {
  return Object.hasOwn(REQUEST_ENDPOINTS[endpoint].fields, name);
}
