/**
 * The endpoints whose answers are a function of their request, known by how
 * their path ends, so that `/v1`, Azure deployments and prefixes of other
 * gateways all count.
 */
export const ENDPOINTS = ['chat', 'completions', 'embeddings', 'moderations', 'responses'] as const;

export type Endpoint = (typeof ENDPOINTS)[number];

const ENDINGS: readonly (readonly [string, Endpoint])[] = [
  ['/chat/completions', 'chat'],
  ['/completions', 'completions'],
  ['/embeddings', 'embeddings'],
  ['/moderations', 'moderations'],
  ['/responses', 'responses'],
];

/** @param path without a query string */
export function endpointOf(method: string, path: string): Endpoint | null {
  if (method !== 'POST') return null;
  return ENDINGS.find(([ending]) => path.endsWith(ending))?.[1] ?? null;
}

/** The id of the answer that a request deletes from its server, or nothing. */
export function deletedAnswerOf(method: string, path: string): string | null {
  return method === 'DELETE' ? (/\/(?:responses|chat\/completions)\/([^/]+)\/?$/.exec(path)?.[1] ?? null) : null;
}
