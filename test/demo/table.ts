/**
 * A table in plain text, each row printed as soon as it is known.
 */

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** Prints the titles at once; returns what prints a row. */
export function openTable(columns: readonly Column[]): (cells: readonly string[]) => void {
  const print = (cells: readonly string[]) => {
    const padded = columns.map(({ width, align }, at) =>
      align === 'left' ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width),
    );
    console.log(padded.join('  ').trimEnd());
  };
  print(columns.map(({ title }) => title));
  print(columns.map(({ width }) => '-'.repeat(width)));
  return print;
}

export function formatDuration(ms: number): string {
  return ms < 100 ? `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
