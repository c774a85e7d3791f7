/**
 * Rows of which only those in sight are in the document, so that a hundred thousand cost what forty do. A table to
 * screen readers, each row of which is a link where it leads somewhere.
 */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export const ROW = 28;

/** Rows that are drawn beyond the edges, so that a scroll shows no gap. */
const BEYOND = 8;

interface VirtualRowsProps {
  readonly label: string;
  /** Names the columns in the style. */
  readonly kind: string;
  readonly heads: readonly (readonly [name: string, className: string])[];
  readonly count: number;
  readonly rowKey: (at: number) => string | number;
  /** The cells of a row. */
  readonly row: (at: number) => ComponentChildren;
  readonly onScroll?: (isAtTop: boolean, lastInSight: number) => void;
  /** Counts up to bring the top back into sight. */
  readonly toTop?: number;
  /** In the place of rows where there are none. */
  readonly children?: ComponentChildren;
}

export function VirtualRows({
  label,
  kind,
  heads,
  count,
  rowKey,
  row,
  onScroll,
  toTop = 0,
  children,
}: VirtualRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ first: 0, rows: 40 });
  const look = () => {
    const target = box.current;
    if (!target) return;
    const first = Math.floor(target.scrollTop / ROW);
    const rows = Math.ceil(target.clientHeight / ROW);
    if (first !== sight.first || rows !== sight.rows) setSight({ first, rows });
    onScroll?.(target.scrollTop < ROW, first + rows);
  };
  const latest = useRef(look);
  latest.current = look;
  useLayoutEffect(() => {
    const target = box.current;
    if (!target) return;
    const watcher = new ResizeObserver(() => latest.current());
    watcher.observe(target);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (toTop > 0) box.current?.scrollTo(0, 0);
  }, [toTop]);
  const from = Math.max(0, Math.min(sight.first - BEYOND, count - 1));
  const to = Math.min(count, sight.first + sight.rows + BEYOND);
  const places = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
  return (
    <div
      ref={box}
      class={`rows ${kind}`}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      tabIndex={0}
      onScroll={look}
    >
      <div role="rowgroup" class="rows-head">
        <div role="row" aria-rowindex={1} class="record">
          {heads.map(([name, className]) => (
            <span key={name} role="columnheader" class={className}>
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="rows-body" style={{ height: `${count * ROW}px` }}>
        {places.map((at) => (
          <div
            key={rowKey(at)}
            role="row"
            aria-rowindex={at + 2}
            class="record"
            style={{ transform: `translateY(${at * ROW}px)` }}
          >
            {row(at)}
          </div>
        ))}
      </div>
      {count === 0 && children}
    </div>
  );
}

interface CellProps {
  readonly className?: string;
  readonly title?: string | undefined;
  readonly children?: ComponentChildren;
}

export function Cell({ className = '', title, children }: CellProps) {
  return (
    <span role="cell" class={className} title={title}>
      {children}
    </span>
  );
}
