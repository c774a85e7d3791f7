/**
 * `refrain doctor`: is everything as a proxy needs it, and what to do where it
 * is not. All is looked at at once, and told in order.
 */
import { systemClock } from '../clock.ts';
import type { Examined } from '../config/command.ts';
import type { ExaminedConfig } from '../config/config.ts';
import type { UpstreamKeys } from '../config/upstream-keys.ts';
import type { Target } from '../request/route.ts';
import { createTargets } from '../rules.ts';
import { askUpstream, type Greeting, greet } from './ask-upstream.ts';
import { checkBooks, checkDirectory, checkFile, checkPrivacy, checkSecret, checkSpace } from './check-disk.ts';
import { checkAdminPort, checkApiPort } from './check-ports.ts';
import { checkHints, checkRunning } from './check-running.ts';
import { checkOperator, checkSettings, checkVariables } from './check-settings.ts';
import { checkStream } from './check-streams.ts';
import { checkClock, checkProxy, checkUpstream } from './check-upstreams.ts';
import { type Finding, findOut, LOOK_MS, ok, type FindingState } from './finding.ts';
import { inertJson, inertLine } from './escape.ts';
import type { Output, Style } from './output.ts';

export interface DoctorCommand {
  readonly examined: Examined;
  readonly json: boolean;
  readonly keys: UpstreamKeys;
  /** To try streams with; null for the first that each upstream has. */
  readonly model: string | null;
}

/** @returns the exit code */
export async function examine(command: DoctorCommand, output: Output): Promise<number> {
  const { examined, json } = command;
  const pending = [
    checkSettings(examined),
    ok('Node', process.versions.node),
    ...('fault' in examined
      ? [findOut('clock', () => checkClock(systemClock.now(), null))]
      : lookAround(command, examined)),
  ];
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

function lookAround(command: DoctorCommand, examined: ExaminedConfig): readonly (Finding | Promise<Finding>)[] {
  const { config, origins } = examined;
  const { host, port, admin, store, upstream, upstreams } = config;
  const { standard, named } = createTargets(config, origins);
  const greeting = (url: string) => greet(url, config, AbortSignal.timeout(LOOK_MS));
  const first = greeting(upstream);
  const others = Object.entries(upstreams).map(([name, { url }]) => ({ name, url, target: named.get(name) as Target }));
  return [
    checkVariables(examined),
    checkOperator(config),
    findOut('API port', (signal) => checkApiPort({ host, port }, signal)),
    findOut('admin port', (signal) => checkAdminPort(admin, signal)),
    findOut('running proxy', () => checkRunning(examined)),
    findOut('hints', () => checkHints(examined)),
    checkProxy(config),
    ...lookAtUpstream(command, examined, { name: null, url: upstream, target: standard }, first),
    ...others.flatMap((other) => lookAtUpstream(command, examined, other, greeting(other.url))),
    findOut('clock', () => checkClock(systemClock.now(), first)),
    ...(store.path === null
      ? [ok('store file', 'off; answers are kept in memory alone')]
      : lookAtFiles({ path: store.path, bytes: store.bytes })),
  ];
}

interface CheckedUpstream {
  readonly name: string | null;
  readonly url: string;
  readonly target: Target;
}

function lookAtUpstream(
  { keys, model }: DoctorCommand,
  { config }: ExaminedConfig,
  { name, url, target }: CheckedUpstream,
  greeting: Promise<Greeting>,
): readonly Promise<Finding>[] {
  const called = name === null ? '' : ` ${name}`;
  const { setting, doneMarker, dialect, noStore } = target;
  const candidate = { name, url, doneMarker, dialect, noStore, key: keys.get(name) ?? null, model };
  return [
    findOut(`upstream${called}`, () => checkUpstream(name, url, setting, greeting)),
    findOut(`stream${called}`, (signal) =>
      checkStream(candidate, greeting, (asking) => askUpstream(asking, config, signal)),
    ),
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

const STYLES: Readonly<Record<FindingState, Style>> = { ok: 'green', warning: 'yellow', failure: 'red' };
const [STATE_WIDTH, CHECK_WIDTH] = [7, 15];

function linesOf({ check, state, says, advice, details }: Finding, { paint }: Output): string {
  const head = `${paint(STYLES[state], state.padEnd(STATE_WIDTH))}  ${inertLine(check).padEnd(CHECK_WIDTH)}  `;
  const indent = ' '.repeat(STATE_WIDTH + CHECK_WIDTH + 4);
  return [
    `${head}${inertLine(says)}${advice === null ? '' : `; ${inertLine(advice)}`}`,
    ...details.map((detail) => indent + inertLine(detail)),
  ].join('\n');
}
