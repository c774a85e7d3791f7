/**
 * A chart as a table: for screen readers, for the keyboard, and to be copied into a sheet.
 */
import { formatTime } from '../format.ts';
import { CopyButton } from '../part/copy-button.tsx';
import type { ChartLine } from './chart-line.ts';

interface ChartTableProps {
  readonly title: string;
  readonly time: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly height: number;
}

export function ChartTable({ title, time, lines, height }: ChartTableProps) {
  const rows = time
    .map((at, step) => ({ at, step }))
    .filter(({ step }) => lines.some(({ values }) => values[step] !== null))
    .toReversed();
  const textOf = () =>
    [
      ['time', ...lines.map(({ name }) => name)],
      ...rows.map(({ at, step }) => [
        new Date(at * 1_000).toISOString(),
        ...lines.map(({ values }) => values[step]?.toString() ?? ''),
      ]),
    ]
      .map((cells) => cells.join('\t'))
      .join('\n');
  return (
    <section class="scroll" style={{ height: `${height}px` }} tabIndex={0} aria-label={`${title}, as a table`}>
      <table class="lines">
        <thead>
          <tr>
            <th scope="col">
              <CopyButton text={textOf} label="Copy" />
            </th>
            {lines.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, step }) => (
            <tr key={at}>
              <th scope="row">{formatTime(at * 1_000)}</th>
              {lines.map((line) => (
                <td key={line.name} class="number">
                  {line.format(line.values[step] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
