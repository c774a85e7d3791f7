/**
 * An entry, to be played: a recording that was complete before anybody listened.
 */
import type { Entry, Head } from './entry.ts';
import type { Playable } from './reader.ts';

export class StoredAnswer implements Playable {
  readonly state = 'complete';
  readonly failure = null;
  readonly head: Head;
  readonly #body: Buffer;

  constructor({ head, body }: Entry) {
    this.head = head;
    this.#body = body;
  }

  get length(): number {
    return this.#body.length;
  }

  get bytes(): number {
    return this.#body.length;
  }

  chunkAt(index: number): Buffer | undefined {
    return index === 0 && this.#body.length > 0 ? this.#body : undefined;
  }

  played(): void {}

  left(): void {}
}
