/**
 * The other forms in which the answer to a request may be kept. What makes one from another is loaded for the first
 * that is.
 */
import type { OtherForms } from '../cache/question.ts';
import { isRich, sourcesFor } from '../forms/form.ts';
import { keyOf, nameOf } from '../request/fingerprint.ts';
import type { NamedRequest } from './named-request.ts';

/** Null where there are none. */
export function otherForms({ head, keyContext, keyed }: NamedRequest): OtherForms | null {
  const { endpoint } = keyContext;
  const { key, form, isStreamable } = keyed;
  const mode = isStreamable ? head.policy.forms : 'exact';
  const forms = sourcesFor(endpoint, form, mode);
  if (forms.length === 0) return null;
  const name = nameOf(key);
  return {
    form,
    sources: forms.map((from) => ({ form: from, key: keyOf(name, from), isRich: isRich(endpoint, form, from) })),
    async derive(entry, { form: from }) {
      const { derive } = await import('../forms/derive.ts');
      return derive(entry, from, form, { endpoint, isStreamable });
    },
  };
}
