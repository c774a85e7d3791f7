/**
 * The headers of a request as they are sent to its upstream, for upstreams that
 * choose their answers by them (`Vary`).
 */
import type { Sent } from '../cache/variants.ts';
import { type HeaderFields, readHeaderFields, valuesOf } from '../request/header-fields.ts';
import { type HeadFacts, isKeyedHeader, type Rules } from '../request/parsed-head.ts';
import { forwardedHeaders } from './forwarded-headers.ts';

export class SentHeaders implements Sent {
  readonly #rules: Rules;
  readonly #head: HeadFacts;
  readonly #raw: readonly string[];
  #fields: HeaderFields | null = null;
  /** The names of last time, and their digest: requests on one connection are asked of the same names. */
  #named = '';
  #digest = '';

  /** @param raw names and values in turn, as received */
  constructor(rules: Rules, head: HeadFacts, raw: readonly string[]) {
    this.#rules = rules;
    this.#head = head;
    this.#raw = raw;
  }

  isKeyed(name: string): boolean {
    // It is ours on the way up, the same for every request.
    return name === 'accept-encoding' || isKeyedHeader(this.#rules, this.#head, name);
  }

  digestOf(names: readonly string[]): string {
    const named = names.join();
    if (named === this.#named) return this.#digest;
    const fields = (this.#fields ??= readHeaderFields(forwardedHeaders(this.#raw, true)));
    const sent = names.map((name) => [name, ...valuesOf(fields, name)]);
    this.#named = named;
    return (this.#digest = this.#rules.digestOf(JSON.stringify(sent)));
  }
}
