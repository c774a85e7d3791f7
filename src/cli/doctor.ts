/**
 * `refrain doctor`: is everything as a proxy needs it, and what to do where it
 * is not. All is looked at at once, and told in order.
 */
import { systemClock } from '../clock.ts';
import type { Examined } from '../config/command.ts';
import type { ExaminedConfig } from '../config/config.ts';
import { checkBooks, checkDirectory, checkFile, checkPrivacy, checkSecret, checkSpace } from './check-disk.ts';
import { checkAdminPort, checkApiPort } from './check-ports.ts';
import { checkOperator, checkSettings, checkVariables } from './check-settings.ts';
import { checkClock, checkProxy, checkUpstream, greet } from './check-upstreams.ts';
import { failure, type Finding, findOut, LOOK_MS, ok, type State } from './finding.ts';
import { inertJson, inertLine } from './inert.ts';
import type { Output, Style } from './output.ts';

export interface DoctorCommand {
  readonly examined: Examined;
  readonly json: boolean;
}

/** @returns the exit code */
export async function examine({ examined, json }: DoctorCommand, output: Output): Promise<number> {
  const pending = [checkSettings(examined), checkNode(), ...('fault' in examined ? [findOut('clock', () => checkClock(systemClock.now(), null))] : lookAround(examined))];
  const findings: Finding[] = [];
  for (const each of pending) {
    const finding = await each;
    findings.push(finding);
    if (!json) output.print(linesOf(finding, output));
  }
  const isWell = findings.every(({ state }) => state !== 'failure');
  if (json) output.print(inertJson({ ok: isWell, checks: findings }));
  return isWell ? 0 : 1;
}

function lookAround(examined: ExaminedConfig): readonly (Finding | Promise<Finding>)[] {
  const { config } = examined;
  const { host, port, admin, store, upstream, upstreams } = config;
  const greeting = (url: string) => greet(url, config, AbortSignal.timeout(LOOK_MS));
  const first = greeting(upstream);
  return [
    checkVariables(examined),
    checkOperator(config),
    findOut('API port', (signal) => checkApiPort({ host, port }, signal)),
    findOut('admin port', (signal) => checkAdminPort(admin, signal)),
    checkProxy(config),
    findOut('upstream', () => checkUpstream(null, upstream, first)),
    ...Object.entries(upstreams).map(([name, { url }]) => findOut(`upstream ${name}`, () => checkUpstream(name, url, greeting(url)))),
    findOut('clock', () => checkClock(systemClock.now(), first)),
    ...(store.path === null ? [ok('store file', 'off; answers are kept in memory alone')] : lookAtFiles({ path: store.path, bytes: store.bytes })),
  ];
}

function lookAtFiles(file: { readonly path: string; readonly bytes: number }): readonly Promise<Finding>[] {
  return [
    findOut('store file', (signal) => checkFile(file, signal)),
    findOut('store directory', () => checkDirectory(file)),
    findOut('disk space', () => checkSpace(file)),
    findOut('books file', (signal) => checkBooks(file, signal)),
    findOut('secret', () => checkSecret(file)),
    findOut('file modes', () => checkPrivacy(file)),
  ];
}

/** As `engines` in package.json has it. */
const LEAST_NODE = [22, 19] as const;

function checkNode(): Finding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const isNewEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return isNewEnough ? ok('Node', node) : failure('Node', `${node} is too old`, `install ${LEAST_NODE.join('.')} or newer`);
}

const STYLES: Readonly<Record<State, Style>> = { ok: 'green', warning: 'yellow', failure: 'red' };
const [STATE_WIDTH, CHECK_WIDTH] = [7, 15];

function linesOf({ check, state, says, advice, details }: Finding, { paint }: Output): string {
  const head = `${paint(STYLES[state], state.padEnd(STATE_WIDTH))}  ${inertLine(check).padEnd(CHECK_WIDTH)}  `;
  const indent = ' '.repeat(STATE_WIDTH + CHECK_WIDTH + 4);
  return [`${head}${inertLine(says)}${advice === null ? '' : `; ${inertLine(advice)}`}`, ...details.map((detail) => indent + inertLine(detail))].join('\n');
}
