/**
 * Every endpoint by its name.
 */
import type { Endpoint } from '../../endpoint.ts';
import { type ErrorDialect, OPENAI_ERRORS } from '../error-dialect.ts';
import { chat } from './chat.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { messages } from './messages.ts';
import { moderations } from './moderations.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';
import { rerank } from './rerank.ts';
import { responses } from './responses.ts';

export const RESPONSE_ENDPOINTS: Readonly<Record<Endpoint, ResponseEndpoint>> = {
  chat,
  completions,
  embeddings,
  messages,
  moderations,
  responses,
  rerank,
};

/** The error dialect of an endpoint's clients; OpenAI's where a request is to none. */
export function errorsOf(endpoint: Endpoint | null): ErrorDialect {
  return endpoint === null ? OPENAI_ERRORS : RESPONSE_ENDPOINTS[endpoint].errors;
}
