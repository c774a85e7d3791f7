/**
 * A JSON text as a tree of slices of itself, so that what is copied keeps its spelling: numbers, escapes and the order
 * of members stay as a server wrote them.
 */
import { type Lead, Scanner } from './scanner.ts';
import type { SourceValue } from './source-value.ts';

/** @throws Refusal where the text is anything but one JSON value */
export function readSource(text: string): SourceValue {
  const scanner = new Scanner(text);
  const value = scanner.value(0);
  scanner.end();
  return value;
}

/** Reads objects that begin alike, as the chunks of a stream do: the members that they share are read once. */
export class AlikeReader {
  #lead: Lead | null = null;

  /** @throws Refusal where the text is anything but one JSON value */
  read(text: string): SourceValue {
    const lead = this.#lead;
    // Slices compare ten times as fast as `startsWith` does.
    if (lead !== null && text.slice(0, lead.text.length) === lead.text) {
      const scanner = new Scanner(text);
      const value = scanner.objectAfter(lead);
      scanner.end();
      return value;
    }
    const value = readSource(text);
    this.#lead = leadOf(value, text);
    return value;
  }
}

/** The members before the first that is an object or a list, if a chunk begins with any. */
function leadOf({ names, values }: SourceValue, text: string): Lead | null {
  const count = values.findIndex(({ kind }) => kind === 'object' || kind === 'array');
  const end = values[count - 1]?.end ?? 0;
  const isLead = count > 0 && text.startsWith('{') && text[end] === ',';
  return isLead ? { text: text.slice(0, end + 1), names: names.slice(0, count), values: values.slice(0, count) } : null;
}
