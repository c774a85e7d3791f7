/**
 * `refrain stats --tag TAG` and its like: what some requests alone came to.
 */
import type { StatsCommand } from '../config/command.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import { formatCount, formatMoment } from '../console/format.ts';
import { readData } from './connect.ts';
import type { Output } from './output.ts';
import type { ProxyBill } from './proxy-data.ts';
import { sumRows } from './sum-rows.ts';
import { tableLines } from './table.ts';

/** @returns the exit code */
export async function showBill({ target, json, summed }: StatsCommand, output: Output): Promise<number> {
  const query = Object.fromEntries(Object.entries(summed).map(([name, value]) => [name, String(value)]));
  const bill = await readData(target, output, (data) => data.bill(query));
  output.print(json ? inertJson(bill) : textOf(bill, output));
  return 0;
}

function textOf(bill: ProxyBill, { paint, width }: Output): string {
  const [kind, name] = (['tag', 'model', 'scope'] as const)
    .map((each) => [each, bill[each]] as const)
    .find(([, value]) => value !== null) ?? ['all', null];
  const title = name === null ? 'all requests' : `${kind} ${inertLine(name)}`;
  const { fleet = null } = bill;
  const bills = fleet === null ? [bill] : [bill, fleet];
  const columns = [
    { title, align: 'left', shrinksTo: 12 },
    { title: fleet === null ? '' : 'this node', align: 'right' },
    ...(fleet === null ? [] : [{ title: 'fleet', align: 'right' } as const]),
  ] as const;
  const [first = '', ...lines] = tableLines(
    columns,
    sumRows.map(([row, valueOf]) => [row, ...bills.map(valueOf)]),
    width,
  );
  return [paint('bold', first), ...lines, '', ...notesOf(bill, kind)].join('\n');
}

function notesOf(bill: ProxyBill, kind: string): readonly string[] {
  const { since, until, seconds, node, unpricedTokens, fleet } = bill;
  const unnamed = Math.max(bill.unnamed, fleet?.unnamed ?? 0);
  const length = seconds === 60 ? 'minute' : 'hour';
  return [
    ...(unpricedTokens > 0 ? [`${formatCount(unpricedTokens)} tokens have no price, and are in no dollars.`] : []),
    ...(unnamed > 0 ? [`${formatCount(unnamed)} requests of any ${kind} count as (other): too many were named.`] : []),
    ...(node === null || fleet ? [] : [`Counted by node ${inertLine(node)} alone; each node has books of its own.`]),
    `Counted from ${formatMoment(since)} to ${formatMoment(until)}, by the whole ${length}.`,
  ];
}
