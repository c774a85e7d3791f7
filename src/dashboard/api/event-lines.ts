/**
 * The events in the text of an event stream that comes in pieces.
 */
export class EventLines {
  #rest = '';

  /** The `data` of each event that this piece completes. */
  add(piece: string): readonly string[] {
    const blocks = (this.#rest + piece).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => (block.startsWith('data: ') ? [block.slice(6)] : []));
  }
}
