/**
 * The usage that a stream reports: in its last chunk, or in every one as far as it has come.
 */
import { isObject, parse } from '../response/json.ts';
import { readUsage } from '../response/usage.ts';
import { refuseIf } from './refusal.ts';
import type { Gathered, Rule } from './rules.ts';
import type { SourceValue } from './source-value.ts';

export const USAGE: Rule = () => new ReportedUsage();

class ReportedUsage implements Gathered {
  #text: string | undefined;

  /** Clients that put a stream together take the last one, be it null. */
  add({ kind, text }: SourceValue): void {
    refuseIf(kind === 'null' && this.#text !== undefined, 'usage that is taken back');
    if (kind !== 'null') this.#text = text;
  }

  write(): string | undefined {
    return this.#text;
  }
}

/** A stream may leave its usage out, or count nothing: a document may not. */
export function refuseUncounted(text: string | undefined): asserts text is string {
  const value = text === undefined ? null : parse(text);
  const usage = isObject(value) ? readUsage(value) : null;
  refuseIf(usage === null || (usage.input === 0 && usage.output === 0), 'an answer that does not say its usage');
}
