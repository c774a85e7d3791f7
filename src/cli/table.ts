/**
 * Aligned columns of plain text, fitted to a width.
 */
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
  const widths = fit(
    columns,
    columns.map((_, at) => Math.max(...lines.map((cells) => widthOf(cells[at] ?? '')))),
    width,
  );
  return lines.map((cells) =>
    columns
      .map(({ align }, at) => place(cells[at] ?? '', widths[at] ?? 0, align))
      .join(GAP)
      .trimEnd(),
  );
}

/** How many columns of a terminal a text takes; ideographs and emoji take two. */
export function widthOf(text: string): number {
  return graphemesOf(text).reduce((sum, grapheme) => sum + columnsOf(grapheme), 0);
}

/** The beginning of a text, with an ellipsis where it is longer. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const grapheme of graphemesOf(text)) {
    left -= columnsOf(grapheme);
    if (left < 0) break;
    kept += grapheme;
  }
  return `${kept}…`;
}

/** Takes what is too much from those that may give way, from the widest first. */
function fit(columns: readonly Column[], widths: readonly number[], width: number): readonly number[] {
  const fitted = [...widths];
  const least = (at: number) => columns[at]?.shrinksTo ?? Infinity;
  for (
    let excess = fitted.reduce((sum, each) => sum + each + GAP.length, -GAP.length) - width;
    excess > 0;
    excess -= 1
  ) {
    const slack = fitted.map((each, at) => (each > least(at) ? each : 0));
    const widest = slack.indexOf(Math.max(...slack));
    if (slack[widest] === 0) break;
    fitted[widest] = (fitted[widest] ?? 0) - 1;
  }
  return fitted;
}

function place(text: string, width: number, align: Column['align']): string {
  const shown = cut(text, width);
  const blank = ' '.repeat(width - widthOf(shown));
  return align === 'left' ? shown + blank : blank + shown;
}

function graphemesOf(text: string): readonly string[] {
  if (/^[\x20-\x7e]*$/.test(text)) return text.split('');
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

function columnsOf(grapheme: string): number {
  return /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u.test(
    grapheme,
  )
    ? 2
    : 1;
}
