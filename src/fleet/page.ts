/**
 * A page of the books of a fleet: the sums of one process, or of several that
 * are gone, as a note on a board.
 *
 * It is bounded: days before the last seven count as the first of all, from
 * which no period tells them, and with too many rows names are drawn together.
 */
import { z } from 'zod';
import { type IntervalRow, KEPT } from '../ledger/interval.ts';
import { type Reason, Reasons } from '../ledger/reasons.ts';
import { AMOUNTS, dayOf, type UsageRow } from '../ledger/row.ts';
import { Sums } from '../ledger/sums.ts';
import { TagSums } from '../ledger/tag-sums.ts';

export interface PageSums {
  readonly rows: readonly UsageRow[];
  readonly reasons: readonly Reason[];
  /** By the hour. */
  readonly tags: readonly IntervalRow[];
}

export interface Page extends PageSums {
  /** The process that wrote it. */
  readonly node: string;
  /** When it was written, by the clock of that process. */
  readonly at: number;
  /** The names of the pages that are in this one. */
  readonly of: readonly string[];
}

/** A page of another is not read. */
const VERSION = 1;
/** As many as are told apart on one day. */
const MOST_NAMES = 50;
const MOST_ROWS = 500;
const MOST_TAGS = 200;
const WEEK_MS = 6 * 86_400_000;

/** For what one process counts. */
export function createPageSums(): Sums {
  return new Sums(MOST_NAMES, MOST_ROWS);
}

/** The same by tag. */
export function createPageTags(): TagSums {
  return new TagSums(MOST_TAGS, MOST_ROWS);
}

/** @param now by which days are old */
export function addUp(pages: readonly PageSums[], now: number): PageSums {
  const rows = pages.flatMap((page) => page.rows);
  const first = rows.reduce((day, row) => (row.day < day ? row.day : day), dayOf(now));
  const week = dayOf(now - WEEK_MS);
  const sums = createPageSums();
  sums.restore(rows.map((row) => (row.day < week ? { ...row, day: first } : row)));
  const reasons = new Reasons();
  for (const reason of pages.flatMap((page) => page.reasons)) {
    reasons.add(reason.day < week ? { ...reason, day: '' } : reason);
  }
  const tags = createPageTags();
  tags.restore(pages.flatMap((page) => page.tags.filter(({ time }) => time >= now / 1_000 - KEPT.hour)));
  return { rows: [...sums.rows], reasons: [...reasons.rows], tags: [...tags.rows] };
}

const count = z.int().nonnegative();

const pageSchema = z.strictObject({
  version: z.literal(VERSION),
  node: z.string(),
  at: z.number(),
  of: z.array(z.string()),
  rows: z.array(
    z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.array(count).length(AMOUNTS.length)]),
  ),
  reasons: z.array(z.tuple([z.string(), z.enum(['bypass', 'miss', 'hit']), z.string(), count])),
  /** Absent where there are none, so that an older proxy reads the page. */
  tags: z.array(z.tuple([count, z.string(), z.record(z.string(), count)])).default([]),
});

export function textOf({ node, at, of, rows, reasons, tags }: Page): string {
  const page: z.input<typeof pageSchema> = {
    version: VERSION,
    node,
    at,
    of: [...of],
    rows: rows.map((row) => [
      row.day,
      row.scope,
      row.endpoint,
      row.model,
      row.outcome,
      AMOUNTS.map((name) => row[name]),
    ]),
    reasons: reasons.map(({ day, outcome, why, requests }) => [day, outcome, why, requests]),
    ...(tags.length > 0 && { tags: tags.map(({ time, name, sums }) => [time, name, sums]) }),
  };
  return JSON.stringify(page);
}

/** Null for anything odd, and for the page of a newer proxy. */
export function pageOf(text: string): Page | null {
  const { data } = pageSchema.safeParse(parsed(text));
  if (data === undefined) return null;
  const { node, at, of } = data;
  const rows = data.rows.map(([day, scope, endpoint, model, outcome, amounts]) => {
    const sums = Object.fromEntries(AMOUNTS.map((name, index) => [name, amounts[index]]));
    return { day, scope, endpoint, model, outcome, ...sums } as UsageRow;
  });
  return {
    node,
    at,
    of,
    rows,
    reasons: data.reasons.map(([day, outcome, why, requests]) => ({ day, outcome, why, requests })),
    tags: data.tags.map(([time, name, sums]) => ({ resolution: 'hour', by: 'tag', time, name, sums })),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
