/**
 * A form is the spelling of an answer: one JSON document, or a stream with or
 * without usage and padding. The fingerprint names the answer, the form its
 * spelling; an entry is found by both.
 */
import type { Endpoint } from '../endpoint.ts';

export type Form = 'json' | 'sse' | `sse+${string}`;

export interface FormChoice {
  readonly form: Form;
  /** Whether `stream` and `stream_options` say nothing beyond the form, so that the key may leave them out. */
  readonly understood: boolean;
}

const STREAMING: readonly Endpoint[] = ['chat', 'completions', 'responses'];
const NOT_UNDERSTOOD: FormChoice = { form: 'json', understood: false };

/** @param stream, options the values of `stream` and `stream_options`; undefined where absent */
export function chooseForm(endpoint: Endpoint, stream: unknown, options: unknown): FormChoice {
  if (!STREAMING.includes(endpoint)) return NOT_UNDERSTOOD;
  const given = options ?? undefined;
  if (stream === undefined || stream === null || stream === false)
    return { form: 'json', understood: given === undefined };
  if (stream !== true) return NOT_UNDERSTOOD;
  if (given === undefined) return { form: 'sse', understood: true };
  if (typeof given !== 'object' || Array.isArray(given)) return { form: 'sse', understood: false };
  const {
    include_usage: usage = false,
    include_obfuscation: obfuscation = true,
    ...others
  } = given as Record<string, unknown>;
  const understood = typeof usage === 'boolean' && typeof obfuscation === 'boolean' && Object.keys(others).length === 0;
  return { form: `sse${usage === true ? '+usage' : ''}${obfuscation === false ? '+plain' : ''}` as Form, understood };
}

/** Tests whether a form has usage because it was asked for, which a stream then tells. */
export function asksForUsage(form: Form): boolean {
  return form.includes('+usage');
}
