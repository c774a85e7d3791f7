/**
 * The measurements, as people read them.
 */
import { cpus, totalmem } from 'node:os';
import { withPart } from '../documents.ts';

export interface Line {
  readonly what: string;
  readonly measured: string;
  /** The thing it is measured against; empty where that is nothing but its budget. */
  readonly beside: string;
  /** In the unit of the budget. */
  readonly figure: number;
  /** The most that the figure should be; null for a line that only informs. */
  readonly budget: number | null;
  /** Of figure and budget; empty for a ratio. */
  readonly unit: string;
}

/** How far a figure may be above its budget before `--check` fails: a shared machine is never quiet. */
const TOLERANCE = 4 / 3;

export function isFarAbove({ figure, budget, unit }: Line): boolean {
  return budget !== null && unit === '' && figure > budget * TOLERANCE;
}

export function tableOf(lines: readonly Line[]): string {
  const machine =
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux, Node ` +
    `${process.version}, ${new Date().toISOString().slice(0, 10)}`;
  const row = ({ what, measured, beside, figure, budget, unit }: Line) =>
    `| ${what} | ${measured} | ${beside} | ${unit === '' ? figure.toFixed(2) : withUnit(figure, unit)} | ` +
    `${budget === null ? '' : unit === '' ? budget.toFixed(2) : withUnit(budget, unit)} |`;
  return [machine, '', '| | Refrain | beside | figure | budget |', '|---|---|---|---|---|', ...lines.map(row)].join(
    '\n',
  );
}

export function withTable(document: string, table: string): string {
  return withPart(document, 'bench', table);
}

function withUnit(figure: number, unit: string): string {
  return `${figure >= 10 ? Math.round(figure).toLocaleString('en') : figure.toFixed(2)} ${unit}`;
}
