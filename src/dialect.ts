/**
 * The dialect of an upstream: what of a request it may answer by, and how it
 * ends a stream. Nothing else asks who an upstream is.
 */

/**
 * `openai`: OpenAI and Azure, by their documentation. `anthropic`: Anthropic, by its own. `engine`: a server that
 * answers from the body alone, such as llama.cpp, vLLM, Ollama or LM Studio. `compatible`: any other; what it might
 * answer by is in the key.
 */
export const DIALECTS = ['openai', 'anthropic', 'compatible', 'engine'] as const;

export type Dialect = (typeof DIALECTS)[number];

/** The need of a stream to end with `data: [DONE]`, so that it counts as whole. */
export type DoneMarker = 'required' | 'optional';

/** Hosts that are, with their subdomains, one vendor's API. */
const HOSTS: readonly (readonly [host: string, dialect: Dialect])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
];

/** Hosts whose subdomains alone are OpenAI's API. */
const PARENTS = ['openai.azure.com', 'services.ai.azure.com'] as const;

/** @param hostname in lower case, as `URL` gives it; compared label by label, never by substring */
export function dialectOfHost(hostname: string): Dialect {
  const name = hostname.replace(/\.$/, '');
  const known = HOSTS.find(([host]) => name === host || name.endsWith(`.${host}`));
  return known?.[1] ?? (PARENTS.some((parent) => name.endsWith(`.${parent}`)) ? 'openai' : 'compatible');
}

export function doneMarkerOf(dialect: Dialect): DoneMarker {
  return dialect === 'openai' ? 'required' : 'optional';
}

/** The answers that are made from another form: all that can be, streams from documents alone, or none. */
export const FORM_MODES = ['derive', 'from-json', 'exact'] as const;

export type FormMode = (typeof FORM_MODES)[number];

/** Many servers lose something in their streams: reasoning, usage or characters. */
export function formModeOf(dialect: Dialect): FormMode {
  return dialect === 'openai' ? 'derive' : 'from-json';
}

/** Tests whether labels and a session's headers are known not to change an answer. */
export function ignoresLabels(dialect: Dialect): boolean {
  return dialect !== 'compatible';
}

/** Tests whether a body means what OpenAI documents: its labels, and what is assumed where a field is absent. */
export function readsAsOpenai(dialect: Dialect): boolean {
  return dialect === 'openai' || dialect === 'engine';
}
