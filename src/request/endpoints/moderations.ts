/**
 * Moderations: one judgement for each input.
 */
import type OpenAI from 'openai';
import { countTexts, ONE } from '../counts.ts';
import { chooseNone } from '../form.ts';
import { OPENAI_DECIDING_NAMES } from '../state.ts';
import { ASSUMES_NOTHING, type RequestEndpoint } from './request-endpoint.ts';

export const moderations: RequestEndpoint<OpenAI.ModerationCreateParams> = {
  path: { ending: '/moderations' },
  fields: { model: 'model', input: 'prompt' },
  decidingNames: OPENAI_DECIDING_NAMES,
  assumed: ASSUMES_NOTHING,
  authoredIds: null,
  questionField: 'input',
  isDeletable: false,
  isGenerative: false,
  chooseForm: chooseNone,
  whyStateful: () => null,

  counts(fields) {
    const input = fields.get('input');
    // A list of content parts is one multi-modal input.
    const isOne = Array.isArray(input) && typeof input[0] === 'object';
    return { ...ONE, inputs: isOne ? 1 : countTexts(input) };
  },

  asksForJson: () => false,
};
