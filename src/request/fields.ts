/**
 * Body fields that the key leaves out. Everything else is in it, known or not:
 * a field that nobody thought of costs a miss, never a wrong answer.
 *
 * The fields that an API knows are sorted one by one in its endpoint's
 * descriptor, after the types of its own SDK: one that is sorted nowhere, or
 * both ways, does not compile.
 */
import { type Dialect, ignoresLabels, readsAsOpenai } from '../dialect.ts';

/** Fields that are left out where the upstream's documentation says that they change no answer. */
export interface IgnoredFields {
  readonly fields: readonly string[];
  /** Tests whether that is known of an upstream of this dialect. */
  readonly isIgnored: (dialect: Dialect) => boolean;
  readonly why: string;
}

export const IGNORED_FIELDS = [
  {
    fields: ['user', 'safety_identifier'],
    isIgnored: readsAsOpenai,
    why: 'abuse labels, documented not to change the answer; the scope separates callers',
  },
  {
    fields: ['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options'],
    isIgnored: readsAsOpenai,
    why: "hints to the upstream's own prefix cache",
  },
  { fields: ['client_metadata'], isIgnored: readsAsOpenai, why: 'labels' },
  { fields: ['metadata'], isIgnored: ignoresLabels, why: 'labels' },
] as const satisfies readonly IgnoredFields[];

/** Left out always: where they say more than the form (see `form.ts`), the key has them in another place. */
export const FORM_FIELDS = ['stream', 'stream_options'] as const;

type LeftOut = (typeof IGNORED_FIELDS)[number]['fields'][number] | (typeof FORM_FIELDS)[number];

/**
 * The part that a field in the key has in the answer: who answers, from what, by which means, by what chance, in which
 * shape, on which terms.
 */
export type Why = 'model' | 'prompt' | 'tools' | 'sampling' | 'output' | 'service';

/** The fields of any variant: `keyof` alone gives those that all have. */
export type FieldOf<Variants> = Variants extends unknown ? keyof Variants : never;

/** Every field of a request, in all its variants, with its part in the answer. */
export type FieldTable<Variants> = {
  readonly [F in FieldOf<Variants>]: F extends LeftOut ? 'left out' : Why;
};

const LABELS: ReadonlySet<string> = new Set(IGNORED_FIELDS.flatMap(({ fields }): readonly string[] => fields));

/** Tests whether a field of a body is left out where the upstream ignores labels. */
export function isLabelField(name: string): boolean {
  return LABELS.has(name);
}

/** The ids that a client gives to what it wrote itself, in the input of a response; the model does not see them. */
export const AUTHORED_IDS = '/input/*/id';

/** The notes of Codex beside each item, for OpenAI's records alone, such as the turn and the time. */
export const ITEM_NOTES = 'internal_chat_message_metadata_passthrough';
