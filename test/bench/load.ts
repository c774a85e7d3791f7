/**
 * A closed loop of connections that post one body again and again, by `wrk`.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOAD_CORE } from './server-process.ts';

export interface Load {
  readonly url: string;
  /** What is posted; where it holds `%N%`, a number that grows stands there, so that every request is another. */
  readonly body: string;
  readonly seconds: number;
  readonly connections: number;
  /** A folder for the script. */
  readonly folder: string;
}

export interface Loaded {
  readonly requests: number;
  readonly perSecond: number;
}

/** @throws where any answer was not 200 */
export async function load({ url, body, seconds, connections, folder }: Load): Promise<Loaded> {
  const bodyFile = join(folder, 'body.json');
  const script = join(folder, 'post.lua');
  writeFileSync(bodyFile, body);
  writeFileSync(script, SCRIPT.replace('BODY_FILE', bodyFile));
  const { stdout } = await promisify(execFile)('taskset', ['-c', LOAD_CORE, 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url]);
  if (/Non-2xx|Socket errors: connect [1-9]/.test(stdout)) throw new Error(stdout);
  return { requests: Number(/(\d+) requests in/.exec(stdout)?.[1]), perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]) };
}

const SCRIPT = `
local file = io.open("BODY_FILE", "rb")
local body = file:read("*all")
file:close()
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local first, last = string.find(body, "%N%", 1, true)
if first then
  local before, after, number = string.sub(body, 1, first - 1), string.sub(body, last + 1), os.time() * 1000000
  request = function()
    number = number + 1
    return wrk.format(nil, nil, nil, before .. number .. after)
  end
else
  wrk.body = body
end
`;
