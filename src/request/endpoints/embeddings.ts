/**
 * Embeddings: one vector for each input.
 */
import type OpenAI from 'openai';
import { countTexts, ONE } from '../counts.ts';
import { chooseNone } from '../form.ts';
import { OPENAI_DECIDING_NAMES } from '../state.ts';
import { ASSUMES_NOTHING, type RequestEndpoint } from './request-endpoint.ts';

export const embeddings: RequestEndpoint<OpenAI.EmbeddingCreateParams> = {
  path: { ending: '/embeddings' },
  fields: { model: 'model', input: 'prompt', dimensions: 'output', encoding_format: 'output', user: 'left out' },
  decidingNames: OPENAI_DECIDING_NAMES,
  assumed: ASSUMES_NOTHING,
  authoredIds: null,
  questionField: 'input',
  isDeletable: false,
  isGenerative: false,
  chooseForm: chooseNone,
  whyStateful: () => null,
  counts: (fields) => ({ ...ONE, inputs: countTexts(fields.get('input')) }),
  asksForJson: () => false,
};
