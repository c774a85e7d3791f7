/**
 * The endpoints whose answers are a function of their request, by name. What
 * is asked of one stands in `request/endpoints/`, what it answers in
 * `response/endpoints/`; each has a record over this list.
 */
export const ENDPOINTS = [
  'chat',
  'completions',
  'embeddings',
  'messages',
  'moderations',
  'responses',
  'rerank',
] as const;

export type Endpoint = (typeof ENDPOINTS)[number];
