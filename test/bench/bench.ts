/**
 * The cost of Refrain beside that of the platform: `npm run bench`.
 *
 * Servers run on one core, the load and what answers it on the other. The first
 * figure is CPU time of the server's process per request, by the operating
 * system's account; a ratio is the median over pairs of runs in turn. Needs
 * Linux and two cores; the load is by `wrk`, or else by autocannon.
 *
 *   --full    more and longer runs, and the figures that take minutes
 *   --check   fails where a ratio is above its budget by more than a third
 *   --write   puts the table into docs/performance.md
 *   --only TEXT   the ratios and the figures of a fleet whose names hold it, and nothing else
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureArrivals } from './figures/arrivals.ts';
import { measureChunks } from './figures/chunks.ts';
import { measureCrowd } from './figures/crowd.ts';
import { measureFleet } from './figures/fleet.ts';
import { measureInstalled } from './figures/installed.ts';
import { measureRatios } from './figures/ratios.ts';
import { measureResident } from './figures/resident.ts';
import { measureStarts } from './figures/starts.ts';
import { measureWorkers } from './figures/workers.ts';
import { LOAD_CORE } from './server-process.ts';
import { isFarAbove, type Line, tableOf, withTable } from './table.ts';

const DOCUMENT = new URL('../../docs/performance.md', import.meta.url);
const { full, check, write, only } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
}).values;

/** Beside these, only with `--full`: what takes minutes and is no ratio. */
const ALWAYS = [measureRatios];
const NAMED = [measureRatios, measureFleet, measureWorkers];
const LONG = [
  measureFleet,
  measureWorkers,
  measureArrivals,
  measureChunks,
  measureCrowd,
  measureStarts,
  measureInstalled,
  measureResident,
];

execFileSync('taskset', ['-cp', LOAD_CORE, String(process.pid)], { stdio: 'ignore' });
// Keeps the load's core awake, at idle priority: in a virtual machine, a write to a reader on a core that sleeps costs
// twice as much, so that a slower server, whose reader sleeps more, would be told slower than it is.
const awake = spawn(
  'taskset',
  [
    '-c',
    LOAD_CORE,
    'chrt',
    '-i',
    '0',
    process.execPath,
    '-e',
    'for (const parent = process.ppid; process.ppid === parent; );',
  ],
  { stdio: 'ignore' },
);
process.on('exit', () => awake.kill());
const lines: Line[] = [];
for (const measure of only !== undefined ? NAMED : full ? [...ALWAYS, ...LONG] : ALWAYS) {
  for await (const line of measure(full, only)) {
    lines.push(line);
    console.error(`${line.what}: ${line.measured}`);
  }
  if (write) writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), tableOf(lines)));
}
console.log(tableOf(lines));
const far = lines.filter(isFarAbove);
for (const { what } of far) console.error(`far above its budget: ${what}`);
process.exit(check && far.length > 0 ? 1 : 0);
