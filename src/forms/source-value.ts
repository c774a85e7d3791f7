/**
 * One JSON value as a slice of the text that it stands in.
 */
const NONE: readonly never[] = [];

export type SourceKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** One value: its text is cut out of the whole only where it is asked for. */
export class SourceValue {
  readonly kind: SourceKind;
  /** The names of an object's members, each once. */
  readonly names: readonly string[];
  /** The values of an object's members, or the items of an array. */
  readonly values: readonly SourceValue[];
  readonly #whole: string;
  readonly #start: number;
  readonly #end: number;

  constructor(
    kind: SourceKind,
    whole: string,
    start: number,
    end: number,
    names: readonly string[] = NONE,
    values: readonly SourceValue[] = NONE,
  ) {
    this.kind = kind;
    this.#whole = whole;
    this.#start = start;
    this.#end = end;
    this.names = names;
    this.values = values;
  }

  /** Where it ends in the text that it stands in. */
  get end(): number {
    return this.#end;
  }

  get text(): string {
    return this.#whole.slice(this.#start, this.#end);
  }

  /** The text between its quotes or brackets. */
  get within(): string {
    return this.#whole.slice(this.#start + 1, this.#end - 1);
  }
}

/** The value of a member; undefined where there is none. */
export function memberOf(object: SourceValue, name: string): SourceValue | undefined {
  const at = object.names.indexOf(name);
  return at === -1 ? undefined : object.values[at];
}
