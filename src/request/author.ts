/**
 * The author of one item of a conversation, known once all its members are read.
 */

const CLIENT_ROLES: ReadonlySet<unknown> = new Set(['user', 'developer', 'system']);

/**
 * Items that a client alone writes: tools that it adds, and outputs of those that it ran, with an id beside that of
 * the call. The id of a `local_shell_call_output` is that of its call.
 */
const CLIENT_TYPES: ReadonlySet<unknown> = new Set([
  'function_call_output',
  'custom_tool_call_output',
  'shell_call_output',
  'apply_patch_call_output',
  'computer_call_output',
  'additional_tools',
]);

/** The longest source of such a member that is read, in UTF-16 units: room for each letter to be escaped. */
const LONGEST = 256;

export class Author {
  #role = '';
  /** The API lets a message go without its type. */
  #type = '"message"';
  #execution = '';
  readonly #own: string[] = [];

  /**
   * @param source of the member's value
   * @param isOwn whether the member says nothing where the client wrote the item
   */
  note(name: string, source: string, isOwn: boolean): void {
    if (name === 'role') this.#role = source;
    else if (name === 'type') this.#type = source;
    else if (name === 'execution') this.#execution = source;
    if (isOwn) this.#own.push(name);
  }

  /** The members that say nothing, of an item that the client wrote; else none. */
  get own(): readonly string[] {
    return this.#own.length > 0 && this.#isClient() ? this.#own : [];
  }

  #isClient(): boolean {
    const type = textOf(this.#type);
    if (type === 'message') return CLIENT_ROLES.has(textOf(this.#role));
    return CLIENT_TYPES.has(type) || (type === 'tool_search_output' && textOf(this.#execution) === 'client');
  }
}

function textOf(source: string): unknown {
  return source.startsWith('"') && source.length <= LONGEST ? JSON.parse(source) : undefined;
}
