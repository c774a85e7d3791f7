/**
 * An entry, to be played: a recording that was complete before anybody listened.
 */
import type { Entry, Head } from './entry.ts';
import type { Playable } from './reader.ts';

export class StoredAnswer implements Playable {
  readonly state = 'complete';
  readonly failure = null;
  readonly head: Head;
  readonly whole: Buffer;
  readonly length: number | null;
  readonly bytes: number;

  /** @param length null where the answer is one to `HEAD`, whose own header says it */
  constructor({ head, body }: Entry, length: number | null = body.length) {
    this.head = head;
    this.whole = body;
    this.length = length;
    this.bytes = body.length;
  }

  chunkAt(index: number): Buffer | undefined {
    return index === 0 && this.bytes > 0 ? this.whole : undefined;
  }

  played(): void {}

  left(): void {}
}
