/**
 * Answers of text completions, which say the same as those of chat in a `text`.
 */
import { chat } from './chat.ts';
import type { ResponseEndpoint } from './response-endpoint.ts';

export const completions: ResponseEndpoint = chat;
