/**
 * A text as it is, cut where it is very long until all of it is wanted.
 */
import { useState } from 'preact/hooks';
import { formatCount } from '../format.ts';

/** The characters that are shown at once. */
const CUT = 2_000;

/** A block of a long text, each laid out only when it is seen. */
const BLOCK = 10_000;

export function LongText({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  const isCut = text.length > CUT * 1.2 && !isWhole;
  return (
    <div class="text">
      {isCut ? (
        <p>{text.slice(0, CUT)}…</p>
      ) : (
        blocksOf(text).map((block, at) => <p key={`${at} ${block.length}`}>{block}</p>)
      )}
      {isCut && (
        <button type="button" class="plain" onClick={() => setWhole(true)}>
          Show all {formatCount(text.length)} characters
        </button>
      )}
    </div>
  );
}

/** The characters of a line that is broken: laid out in one, a book without a break takes seconds. */
const LINE = 10 * BLOCK;

/** Cut at the ends of lines where that is possible, since a block begins a line. */
function blocksOf(text: string): readonly string[] {
  const blocks: string[] = [];
  let from = 0;
  while (text.length - from > BLOCK * 1.5) {
    const end = text.indexOf('\n', from + BLOCK);
    const isLong = end === -1 || end - from > LINE;
    const cut = isLong ? Math.min(text.length, wholeAt(text, from + LINE)) : end;
    blocks.push(text.slice(from, cut));
    from = isLong ? cut : cut + 1;
  }
  return from < text.length || text === '' ? [...blocks, text.slice(from)] : blocks;
}

/** A place that is not within a pair of surrogates. */
function wholeAt(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at;
}
