/**
 * `refrain stats`: what was asked, what it cost and what it saved.
 */
import type { ProxyTarget } from '../config/command.ts';
import type { StatsLine, ReasonLine, Summary } from '../ledger/stats.ts';
import type { Usage } from '../response/usage.ts';
import type { ProxyStats } from './usage-file.ts';
import { readBooks } from './connect.ts';
import { formatCount, formatDollars, formatShare, formatSize, formatTime, NONE } from './format.ts';
import { inertJson, inertLine } from './escape.ts';
import type { Output } from './output.ts';
import { type Column, tableLines } from './table.ts';

export interface StatsCommand {
  readonly target: ProxyTarget;
  readonly json: boolean;
}

/** @returns the exit code */
export async function showStats({ target, json }: StatsCommand, output: Output): Promise<number> {
  const stats = await readBooks(target, output, (books) => books.stats());
  output.print(json ? inertJson(stats) : textOf(stats, output));
  return 0;
}

function textOf(stats: ProxyStats, output: Output): string {
  const { since, periods } = stats;
  if (since === null) return 'Nothing was asked yet.';
  return [
    ...periodLines(stats, output),
    '',
    ...modelLines(periods.all.models, output),
    ...reasonLines(stats, output),
    ...hintLines(stats),
    ...lruLines(stats),
    `Counted since ${since}, in days of UTC.`,
  ].join('\n');
}

const FIGURES: readonly (readonly [name: string, of: (sums: StatsLine) => string])[] = [
  ['requests', ({ requests }) => formatCount(requests)],
  ['  hits', ({ hits }) => formatCount(hits)],
  ['  follows', ({ follows }) => formatCount(follows)],
  ['  misses', ({ misses }) => formatCount(misses)],
  ['  bypasses', ({ bypasses }) => formatCount(bypasses)],
  ['  refusals', ({ refusals }) => formatCount(refusals)],
  ['hit rate', ({ hitRate }) => formatShare(hitRate)],
  ['tokens saved', ({ tokens }) => formatCount(totalOf(tokens.saved))],
  ['tokens spent', ({ tokens }) => formatCount(totalOf(tokens.spent))],
  ['dollars saved', ({ dollars }) => formatDollars(dollars.saved)],
  ['dollars spent', ({ dollars }) => formatDollars(dollars.spent)],
  ['waiting saved', ({ waitedSaved }) => formatTime(waitedSaved)],
];

function periodLines({ periods: { today, week, all } }: ProxyStats, output: Output): readonly string[] {
  const columns = [{ title: '', align: 'left' }, right('today'), right('7 days'), right('all')] as const;
  const rows = FIGURES.map(([name, of]) => [name, of(today), of(week), of(all)]);
  return underBold(tableLines(columns, rows, output.width), output);
}

function modelLines(models: ProxyStats['periods']['all']['models'], output: Output): readonly string[] {
  const columns: readonly Column[] = [
    { title: 'model', align: 'left', shrinksTo: 12 },
    ...['requests', 'hit rate', 'tokens saved', 'saved', 'spent', 'waiting saved'].map(right),
  ];
  const rows = models.map((sums) => {
    const { model, requests, hitRate, tokens, dollars, waitedSaved } = sums;
    const priced = (amount: number) => (isUnpriced(sums) && amount === 0 ? NONE : formatDollars(amount));
    const name = `${model === null ? '(none)' : inertLine(model)}${isUnpriced(sums) ? ' *' : ''}`;
    return [
      name,
      formatCount(requests),
      formatShare(hitRate),
      formatCount(totalOf(tokens.saved)),
      priced(dollars.saved),
      priced(dollars.spent),
      formatTime(waitedSaved),
    ];
  });
  const mark = models.some(isUnpriced)
    ? ['* has no price in config/prices.json: its tokens are counted, dollars are not.']
    : [];
  return [...underBold(tableLines(columns, rows, output.width), output), ...mark, ''];
}

/** Why requests were bypassed and answers not kept; nothing where none was. */
function reasonLines({ periods: { today, week, all } }: ProxyStats, output: Output): readonly string[] {
  const why: Column = { title: 'why', align: 'left', shrinksTo: 20 };
  const columns = [why, ...['today', '7 days', 'all'].map(right)];
  const rows = REASONS.flatMap(([kind, of]) => {
    const countOf = (lines: Summary, name: string) => of(lines).find(({ reason }) => reason === name)?.requests ?? 0;
    const counts = (name: string) => [today, week, all].map((lines) => formatCount(countOf(lines, name)));
    return of(all).map(({ reason }) => [`${kind}: ${inertLine(reason)}`, ...counts(reason)]);
  });
  return rows.length === 0 ? [] : [...underBold(tableLines(columns, rows, output.width), output), ''];
}

/** A proxy that is older tells none. */
const REASONS: readonly (readonly [kind: string, of: (sums: Summary) => readonly ReasonLine[]])[] = [
  ['bypass', ({ bypassReasons = [] }) => bypassReasons],
  ['not kept', ({ unkeptReasons = [] }) => unkeptReasons],
];

/** One line each. */
function hintLines({ hints = [] }: ProxyStats): readonly string[] {
  return hints.length === 0 ? [] : [...hints.map(({ text }) => `Hint: ${inertLine(text)}.`), ''];
}

/** Its misses are not those of requests: one that follows, or hits another tier, has looked in vain too. */
function lruLines({ lru }: ProxyStats): readonly string[] {
  if (!lru) return [];
  const { hits, misses, maxsize, currsize, entries } = lru;
  const lookups = `${formatCount(hits)} ${hits === 1 ? 'hit' : 'hits'}, ${formatCount(misses)} lookups in vain`;
  const held = `${formatCount(entries)} entries in ${formatSize(currsize)} of ${formatSize(maxsize)}`;
  return [`Memory, since the start: ${lookups}; ${held}.`];
}

function isUnpriced({ unpricedTokens }: StatsLine): boolean {
  return unpricedTokens > 0;
}

/** Cached input is part of the input, and reasoning of the output. */
function totalOf({ input, output }: Usage): number {
  return input + output;
}

function right(title: string): Column {
  return { title, align: 'right' };
}

function underBold([titles = '', ...rows]: readonly string[], { paint }: Output): readonly string[] {
  return [paint('bold', titles), ...rows];
}
