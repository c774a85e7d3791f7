/**
 * Stored answers in another form than the one that is asked for. What is made of one is as old as its source, expires
 * with it, and lies beside it in memory, so that it is made once.
 */
import type { Derivation, Entry } from '../response/entry.ts';
import type { DerivedEntry, Found, Store } from '../store/store.ts';
import type { Freshness } from './freshness.ts';
import type { FormSource, OtherForms, Permission, Question } from './question.ts';
import { isVariantKey, ownKey } from './variants.ts';

/** A question, as far as the store needs it. */
export type StoredQuestion = Pick<Question, 'key' | 'sent' | 'permission' | 'forms' | 'items'>;

/** The freshness of an entry for a question. */
export type Judge = (found: Found, question: StoredQuestion) => Freshness;

/** Tests whether a request may have an answer that was made in this way. */
export function mayBeMade({ from }: Derivation, { forms }: Permission): boolean {
  return forms === 'derive' || (forms === 'from-json' && from === 'json');
}

interface StoredSource {
  readonly source: FormSource;
  /** The key that it lies under: that of its variant, where its form varies. */
  readonly key: string;
  readonly found: Found;
}

export class DerivedAnswers {
  readonly #store: Store;
  readonly #judge: Judge;

  constructor(store: Store, judge: Judge) {
    this.#store = store;
    this.#judge = judge;
  }

  /** An answer made from another form. @param own stored under the key: good enough where that is fresh */
  async instead(own: Found | undefined, question: StoredQuestion, forms: OtherForms): Promise<Found | undefined> {
    const { key, sent } = question;
    if (own && (ownKey(key, own.entry, sent) !== key || this.#judge(own, question) === 'fresh')) return own;
    const all = await this.#store.getMany(forms.sources.map((source) => source.key));
    if (all.size === 0) return own;
    const candidates: StoredSource[] = [];
    for (const source of forms.sources) {
      const found = all.get(source.key);
      // One that was derived itself has a source, which is asked.
      if (!found || found.entry.derivation) continue;
      const candidate = await this.#ownOf({ source, key: source.key, found }, question);
      if (candidate) candidates.push(candidate);
    }
    return (await this.#best(candidates, question, forms)) ?? own;
  }

  /** The variant of a form that is for this question. */
  async #ownOf(candidate: StoredSource, { sent }: StoredQuestion): Promise<StoredSource | null> {
    const key = ownKey(candidate.key, candidate.found.entry, sent);
    if (key === candidate.key) return candidate;
    const found = await this.#store.get(key);
    return found ? { ...candidate, key, found } : null;
  }

  /** Of the fresh ones before the others, the first from which it can be made. */
  async #best(
    candidates: readonly StoredSource[],
    question: StoredQuestion,
    forms: OtherForms,
  ): Promise<Found | undefined> {
    const judged = candidates.map((candidate) => ({ candidate, freshness: this.#judge(candidate.found, question) }));
    const fresh = judged.filter(({ freshness }) => freshness === 'fresh');
    const stale = judged.filter(({ freshness }) => freshness !== 'fresh' && freshness !== 'gone');
    for (const { candidate } of [...fresh, ...stale]) {
      const entry = await this.#derive(candidate, question.key, forms);
      if (entry) return { entry, tier: candidate.found.tier };
    }
    return undefined;
  }

  async #derive({ source, key: from, found }: StoredSource, key: string, forms: OtherForms): Promise<Entry | null> {
    const made = await forms.derive(found.entry, source);
    if (made === null) return null;
    const entry: DerivedEntry = { ...made, derivation: { form: forms.form, from: source.form, key: from } };
    // Variants are placed by what lies beside them; these are rare, and made each time.
    if (entry.variant === undefined && !isVariantKey(key)) this.#store.setDerived(key, entry, found.entry);
    return entry;
  }
}
