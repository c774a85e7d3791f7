/**
 * A line or an area of a chart, and how its values are written.
 */
import type { StepValues } from './bins.ts';

export interface ChartLine {
  readonly name: string;
  /** A custom property of the style, such as `--hit`. */
  readonly colour: string;
  readonly values: StepValues;
  /** Areas stand upon each other, in their order. */
  readonly kind: 'area' | 'line';
  readonly dash?: readonly number[];
  /** From 0 to 1, by an axis of its own. */
  readonly scale?: 'share';
  /** Said where nothing is pointed at: a sum, or the whole's rate. */
  readonly total: string;
  /** Explains the name. */
  readonly title?: string;
  format(value: number | null): string;
}
