/**
 * A closed loop of connections that post one body again and again: by `wrk`
 * where it is installed, else by autocannon in this process.
 */
import autocannon from 'autocannon';
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOAD_CORE } from './server-process.ts';

export interface Load {
  readonly url: string;
  /** The body that is posted; where it holds `%N%`, a number stands there, so that requests differ. */
  readonly body: string;
  /** How many of these numbers there are; null for no end. */
  readonly distinct: number | null;
  readonly seconds: number;
  readonly connections: number;
  /** A folder for the script. */
  readonly folder: string;
  /** The cores that the load may use; one of its own if not said. */
  readonly cores?: string;
}

export interface Loaded {
  readonly requests: number;
  readonly perSecond: number;
  /** CPU time of the load itself, in microseconds; NaN where it is not known. */
  readonly loadCpu: number;
}

const HAS_WRK = spawnSync('wrk', ['-v']).error === undefined;

/** @throws where any answer was not 200 */
export function load(asked: Load): Promise<Loaded> {
  return HAS_WRK ? byWrk(asked) : byAutocannon(asked);
}

async function byWrk({ url, body, distinct, seconds, connections, folder, cores = LOAD_CORE }: Load): Promise<Loaded> {
  const bodyFile = join(folder, 'body.json');
  const script = join(folder, 'post.lua');
  writeFileSync(bodyFile, body);
  writeFileSync(
    script,
    SCRIPT.replace('BODY_FILE', bodyFile)
      .replace('FIRST', String(firstOf(distinct)))
      .replace('DISTINCT', String(distinct ?? Number.MAX_SAFE_INTEGER)),
  );
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url];
  const { stdout } = await promisify(execFile)('sh', ['-c', '"$@"; times', 'sh', 'taskset', '-c', cores, ...wrk]);
  if (/Non-2xx|Socket errors: connect [1-9]/.test(stdout)) throw new Error(stdout);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    loadCpu: childrenTime(stdout),
  };
}

async function byAutocannon({ url, body, distinct, seconds, connections }: Load): Promise<Loaded> {
  let number = firstOf(distinct);
  const next = () => body.replaceAll('%N%', String((number = (number + 1) % (distinct ?? Number.MAX_SAFE_INTEGER))));
  const headers = { 'content-type': 'application/json' };
  const fixed = body.includes('%N%')
    ? { requests: [{ setupRequest: (request: autocannon.Request) => ({ ...request, body: next() }) }] }
    : { body };
  const { requests, non2xx, errors } = await autocannon({
    url,
    method: 'POST',
    headers,
    connections,
    duration: seconds,
    ...fixed,
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx} answers were not 200, and ${errors} failed`);
  return { requests: requests.total, perSecond: requests.average, loadCpu: Number.NaN };
}

/** User and system time of what a shell has run, in microseconds, by the last line of its `times`. */
function childrenTime(said: string): number {
  const times = [...said.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  return times.reduce((sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1e6, 0);
}

/** Numbers without an end are new in each run. */
function firstOf(distinct: number | null): number {
  return distinct === null ? Date.now() * 1_000 : 0;
}

const SCRIPT = `
local file = io.open("BODY_FILE", "rb")
local body = file:read("*all")
file:close()
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
if string.find(body, "%N%", 1, true) then
  local number = FIRST
  request = function()
    number = (number + 1) % DISTINCT
    return wrk.format(nil, nil, nil, (string.gsub(body, "%%N%%", string.format("%.0f", number))))
  end
else
  wrk.body = body
end
`;
