/**
 * The other forms in which the answer to a request may be kept. What makes one from another is loaded for the first
 * that is.
 */
import type { OtherForms } from '../cache/question.ts';
import { isRich, sourcesFor } from '../forms/form.ts';
import { keyOf, nameOf } from '../request/fingerprint.ts';
import type { NamedRequest } from './named-request.ts';

/**
 * The longest answer, in bytes, from which another is made, and that is made: it is done on the event loop, where 5 MiB
 * take as long as any request may hold it, and one of many calls becomes several times as long.
 */
const MOST_BYTES = 5 * 1024 * 1024;

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
      if (entry.body.length > MOST_BYTES) return null;
      const { derive } = await import('../forms/derive.ts');
      const made = derive(entry, from, form, { endpoint, isStreamable });
      return made === null || made.body.length > MOST_BYTES ? null : made;
    },
  };
}
