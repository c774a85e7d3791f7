/**
 * The author of one item of a conversation, known once all its members are read.
 */

const CLIENT_ROLES: ReadonlySet<unknown> = new Set(['user', 'developer', 'system']);

/** The longest source of a role or a type that is read, in UTF-16 units: room for each letter to be escaped. */
const LONGEST = 128;

export class Author {
  #role = '';
  /** The API lets a message go without its type. */
  #type = '"message"';
  readonly #own: string[] = [];

  /**
   * @param source of the member's value
   * @param isOwn whether the member says nothing where the client wrote the item
   */
  note(name: string, source: string, isOwn: boolean): void {
    if (name === 'role') this.#role = source;
    else if (name === 'type') this.#type = source;
    if (isOwn) this.#own.push(name);
  }

  /** The members that say nothing, of an item that the client wrote; else none. */
  get own(): readonly string[] {
    return this.#own.length > 0 && this.#isClient() ? this.#own : [];
  }

  #isClient(): boolean {
    const type = textOf(this.#type);
    return type === 'function_call_output' || (type === 'message' && CLIENT_ROLES.has(textOf(this.#role)));
  }
}

function textOf(source: string): unknown {
  return source.startsWith('"') && source.length <= LONGEST ? JSON.parse(source) : undefined;
}
