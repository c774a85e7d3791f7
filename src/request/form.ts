/**
 * A form is the spelling of an answer: one JSON document, or a stream with or
 * without usage and padding. The fingerprint names the answer, the form its
 * spelling; an entry is found by both.
 */
export type Form = 'json' | 'sse' | `sse+${string}`;

export interface FormChoice {
  readonly form: Form;
  /** True where `stream` and `stream_options` say nothing beyond the form, so that the key may leave them out. */
  readonly understood: boolean;
}

/** @param stream, options the values of `stream` and `stream_options`; undefined where absent */
export type ChooseForm = (stream: unknown, options: unknown) => FormChoice;

const NOT_UNDERSTOOD: FormChoice = { form: 'json', understood: false };

/** Of an endpoint that has one form; some gateways may read the fields all the same. */
export const chooseNone: ChooseForm = () => NOT_UNDERSTOOD;

/** Of an endpoint that streams as OpenAI's do. */
export function chooseStream(stream: unknown, options: unknown): FormChoice {
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

/** Of an endpoint that streams without options. */
export function choosePlainStream(stream: unknown, options: unknown): FormChoice {
  const chosen = chooseStream(stream, undefined);
  return { ...chosen, understood: chosen.understood && (options ?? null) === null };
}

/** Tests whether a form has usage because it was asked for, which a stream then reports. */
export function asksForUsage(form: Form): boolean {
  return form.includes('+usage');
}
