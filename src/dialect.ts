/**
 * The dialect of an upstream: what of a request it may answer by, and how it
 * ends a stream. Nothing else asks who an upstream is.
 */

/**
 * `openai`: OpenAI and Azure, by their documentation. `engine`: a server that
 * answers from the body alone, such as llama.cpp, vLLM, Ollama or LM Studio.
 * `compatible`: any other; what it might answer by is in the key.
 */
export const DIALECTS = ['openai', 'compatible', 'engine'] as const;

export type Dialect = (typeof DIALECTS)[number];

/** The need of a stream to end with `data: [DONE]`, so that it counts as whole. */
export type DoneMarker = 'required' | 'optional';

const OPENAI = 'api.openai.com';

/** Hosts whose subdomains are OpenAI's API. */
const PARENTS = [OPENAI, 'openai.azure.com', 'services.ai.azure.com'] as const;

/** @param hostname in lower case, as `URL` gives it; compared label by label, never by substring */
export function dialectOfHost(hostname: string): Dialect {
  const name = hostname.replace(/\.$/, '');
  return name === OPENAI || PARENTS.some((parent) => name.endsWith(`.${parent}`)) ? 'openai' : 'compatible';
}

export function doneMarkerOf(dialect: Dialect): DoneMarker {
  return dialect === 'openai' ? 'required' : 'optional';
}

/** Tests whether labels and a session's headers are known not to change an answer. */
export function ignoresLabels(dialect: Dialect): boolean {
  return dialect !== 'compatible';
}
