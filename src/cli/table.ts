/**
 * Aligned columns of plain text, fitted to a width.
 */
import stringWidth from 'string-width';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Gives way where the line is too long, down to this many columns of the terminal. */
  readonly shrinksTo?: number;
}

const GAP = '  ';

/**
 * A line for the titles, then one for each row.
 *
 * @param width the most that a line may take; beyond it columns that may give way are cut
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): readonly string[] {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => stringWidth(cells[at] ?? ''))));
  fit(columns, widths, width);
  const lineOf = (cells: readonly string[]) =>
    columns.map(({ align }, at) => place(cells[at] ?? '', widths[at] ?? 0, align)).join(GAP);
  return lines.map((cells) => lineOf(cells).trimEnd());
}

/** The beginning of a text, with an ellipsis where it is longer. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) >= width) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Takes the excess from those that may give way, from the widest first. */
function fit(columns: readonly Column[], widths: number[], width: number): void {
  const total = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length);
  for (let excess = total - width; excess > 0; excess -= 1) {
    const slack = widths.map((each, at) => (each > (columns[at]?.shrinksTo ?? Infinity) ? each : 0));
    const most = Math.max(...slack);
    if (most === 0) return;
    widths[slack.indexOf(most)] = most - 1;
  }
}

function place(text: string, width: number, align: Column['align']): string {
  const shown = cut(text, width);
  const blank = ' '.repeat(width - stringWidth(shown));
  return align === 'left' ? shown + blank : blank + shown;
}
