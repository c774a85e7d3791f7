/**
 * The top-level fields of a body, each parsed when it is asked for.
 */
export class BodyFields {
  readonly #sources: ReadonlyMap<string, string>;

  /** @param sources the source text of each */
  constructor(sources: ReadonlyMap<string, string>) {
    this.#sources = sources;
  }

  get names(): Iterable<string> {
    return this.#sources.keys();
  }

  /** Undefined where absent. */
  get(name: string): unknown {
    const source = this.#sources.get(name);
    return source === undefined ? undefined : JSON.parse(source);
  }
}

/** Tests for anything but absent and null. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** An empty list for anything that is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Undefined where there is none. */
export function memberOf(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}
