/**
 * Text completions: the endpoint before chat, which local servers still have.
 */
import type OpenAI from 'openai';
import { memberOf } from '../body-fields.ts';
import { choicesEach, countTexts } from '../counts.ts';
import { chooseStream } from '../form.ts';
import { OPENAI_DECIDING_NAMES } from '../state.ts';
import { ASSUMES_NOTHING, isJsonFormat, type RequestEndpoint } from './request-endpoint.ts';

export const completions: RequestEndpoint<OpenAI.CompletionCreateParams> = {
  path: { ending: '/completions' },
  fields: {
    model: 'model',
    prompt: 'prompt',
    suffix: 'prompt',
    temperature: 'sampling',
    top_p: 'sampling',
    seed: 'sampling',
    frequency_penalty: 'sampling',
    presence_penalty: 'sampling',
    logit_bias: 'sampling',
    n: 'sampling',
    best_of: 'sampling',
    echo: 'output',
    logprobs: 'output',
    stop: 'output',
    max_tokens: 'output',
    stream: 'left out',
    stream_options: 'left out',
    user: 'left out',
  },
  decidingNames: OPENAI_DECIDING_NAMES,
  assumed: ASSUMES_NOTHING,
  authoredIds: null,
  questionField: 'prompt',
  isDeletable: false,
  isGenerative: true,
  chooseForm: chooseStream,
  whyStateful: () => null,

  counts(fields) {
    const prompts = countTexts(fields.get('prompt'));
    return { choices: choicesEach(fields) * prompts, prompts, inputs: null };
  },

  /** The API has no such field here; servers that have one take that of chat. */
  asksForJson: (fields) => isJsonFormat(memberOf(fields.get('response_format'), 'type')),
};
