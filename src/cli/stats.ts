/**
 * `refrain stats`: shows what was asked, what it cost and what it saved.
 */
import type { StatsCommand } from '../config/command.ts';
import type { Stats, StatsLine, ReasonLine, Summary } from '../ledger/stats.ts';
import { readData } from './connect.ts';
import { formatCount, formatDollars, formatShare, formatSize, formatTime, NONE } from '../console/format.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { showBill } from './bill.ts';
import type { Output } from './output.ts';
import { sumRows, totalOf } from './sum-rows.ts';
import type { ProxyStats } from './proxy-data.ts';
import { type Column, tableLines } from './table.ts';

/** @returns the exit code */
export async function showStats({ target, json, summed }: StatsCommand, output: Output): Promise<number> {
  if (Object.keys(summed).length > 0) return showBill({ target, json, summed }, output);
  const stats = await readData(target, output, (data) => data.stats());
  output.print(json ? inertJson(stats) : textOf(stats, output));
  return 0;
}

function textOf(stats: ProxyStats, output: Output): string {
  const { since, periods } = stats;
  if (since === null && !stats.fleet?.since) return 'Nothing was asked yet.';
  return [
    ...periodLines(periods, output),
    '',
    ...fleetLines(stats, output),
    ...modelLines(periods.all.models, output),
    ...reasonLines(stats, output),
    ...hintLines(stats),
    ...lruLines(stats),
    since === null ? 'Nothing was asked of this node yet.' : `Counted since ${since}, in days of UTC.`,
  ].join('\n');
}

function periodLines({ today, week, all }: Stats['periods'], output: Output, title = ''): readonly string[] {
  const rows = sumRows.map(([name, valueOf]) => [name, valueOf(today), valueOf(week), valueOf(all)]);
  return table([{ title, align: 'left' }, ...PERIODS], rows, output);
}

/** All nodes, where there are several; this one is among them. */
function fleetLines({ fleet }: ProxyStats, output: Output): readonly string[] {
  if (fleet === undefined) return [];
  if (fleet === null) return ['The other nodes of the fleet cannot be read: Redis is out of reach.', ''];
  const { nodes, since, periods } = fleet;
  const counted = since === null ? 'nothing was asked yet' : `counted since ${since}`;
  const heard = `${formatCount(nodes)} ${nodes === 1 ? 'node' : 'nodes'} within the last minute`;
  return [...periodLines(periods, output, 'fleet'), `The fleet: ${heard}; ${counted}.`, ''];
}

function modelLines(models: ProxyStats['periods']['all']['models'], output: Output): readonly string[] {
  const columns: readonly Column[] = [
    { title: 'model', align: 'left', shrinksTo: 12 },
    ...['requests', 'hit rate', 'tokens saved', 'saved', 'spent', 'waiting saved'].map(right),
  ];
  const rows = models.map((sums) => {
    const { model, tokens, dollars } = sums;
    const priced = (amount: number) => (isUnpriced(sums) && amount === 0 ? NONE : formatDollars(amount));
    return [
      `${model === null ? '(none)' : inertLine(model)}${isUnpriced(sums) ? ' *' : ''}`,
      formatCount(sums.requests),
      formatShare(sums.hitRate),
      formatCount(totalOf(tokens.saved)),
      priced(dollars.saved),
      priced(dollars.spent),
      formatTime(sums.waitedSaved),
    ];
  });
  const mark = '* has no price in config/prices.json: its tokens are counted, dollars are not.';
  return [...table(columns, rows, output), ...(models.some(isUnpriced) ? [mark] : []), ''];
}

/** The reasons of bypasses and of answers not kept, and the forms of derived hits; nothing where there are none. */
function reasonLines({ periods: { today, week, all } }: ProxyStats, output: Output): readonly string[] {
  const rows = REASONS.flatMap(([kind, reasonsOf]) =>
    reasonsOf(all).map(({ reason }) => {
      const countIn = (sums: Summary) => reasonsOf(sums).find((line) => line.reason === reason)?.requests ?? 0;
      return [`${kind}: ${inertLine(reason)}`, ...[today, week, all].map((sums) => formatCount(countIn(sums)))];
    }),
  );
  const why: Column = { title: 'why', align: 'left', shrinksTo: 20 };
  return rows.length === 0 ? [] : [...table([why, ...PERIODS], rows, output), ''];
}

/** A proxy that is older reports none. */
const REASONS: readonly (readonly [kind: string, of: (sums: Summary) => readonly ReasonLine[]])[] = [
  ['bypass', ({ bypassReasons = [] }) => bypassReasons],
  ['not kept', ({ unkeptReasons = [] }) => unkeptReasons],
  ['hit', ({ derivations = [] }) => derivations],
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

function right(title: string): Column {
  return { title, align: 'right' };
}

const PERIODS = ['today', '7 days', 'all'].map(right);

function table(columns: readonly Column[], rows: readonly string[][], { paint, width }: Output): readonly string[] {
  const [titles = '', ...lines] = tableLines(columns, rows, width);
  return [paint('bold', titles), ...lines];
}
