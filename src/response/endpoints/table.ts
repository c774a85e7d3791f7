/**
 * Every endpoint by its name.
 */
import type { Endpoint } from '../../endpoint.ts';
import { chat } from './chat.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import { moderations } from './moderations.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';
import { responses } from './responses.ts';

export const RESPONSE_ENDPOINTS: Readonly<Record<Endpoint, ResponseEndpoint>> = {
  chat,
  completions,
  embeddings,
  moderations,
  responses,
};
