/**
 * `refrain doctor`: checks that everything is as a proxy needs it, and says
 * what to do where it is not. All checks run at once, and are printed in order.
 */
import { systemClock } from '../clock.ts';
import { isOffline } from '../config/config.ts';
import type { DoctorCommand } from '../config/command.ts';
import type { ExaminedConfig } from '../config/sources.ts';
import { usagePath } from '../ledger/usage-file.ts';
import { createTargets } from '../rules.ts';
import { askUpstream, greet } from './ask-upstream.ts';
import { checkCassette } from './check-cassette.ts';
import { checkDatabase, checkDirectory, checkPrivacy, checkSpace } from './check-disk.ts';
import { checkAdminPort, checkApiPort } from './check-ports.ts';
import { checkFleetSecret, checkRedis, checkRedisSettings } from './check-redis.ts';
import { checkHints, checkRunning } from './check-running.ts';
import { checkSecret } from './check-secret.ts';
import { checkAdmin, checkSettings, checkVariables } from './check-settings.ts';
import { checkStream } from './check-streams.ts';
import { checkClock, checkProxy, checkUpstream } from './check-upstreams.ts';
import { inertJson, inertLine } from '../console/escape.ts';
import type { Style } from '../console/paint.ts';
import { type Finding, type FindingState, ok } from '../admin/findings.ts';
import { type Check, CHECK_MS, findOut } from './finding.ts';
import type { Output } from './output.ts';

type NamedCheck = readonly [name: string, check: Check];

/** @returns the exit code */
export async function examine(command: DoctorCommand, output: Output): Promise<number> {
  const findings: Finding[] = [];
  for (const pending of checksOf(command).map(([name, check]) => findOut(name, check))) {
    const finding = await pending;
    findings.push(finding);
    if (!command.json) output.print(linesOf(finding, output));
  }
  const isWell = findings.every(({ state }) => state !== 'failure');
  if (command.json) output.print(inertJson({ ok: isWell, checks: findings }));
  return isWell ? 0 : 1;
}

function checksOf(command: DoctorCommand): readonly NamedCheck[] {
  const { examined } = command;
  return [
    ['settings', () => checkSettings(examined)],
    ['Node', () => ok(process.versions.node)],
    ...('fault' in examined
      ? [['clock', () => checkClock(systemClock.now(), null)] as const]
      : checksWith(command, examined)),
  ];
}

function checksWith({ keys, model }: DoctorCommand, examined: ExaminedConfig): readonly NamedCheck[] {
  const { config, origins } = examined;
  const { redis, upstream, upstreams } = config;
  const { standard, named } = createTargets(config, origins);
  const isSilent = isOffline(config);
  const greeting = ({ dialect }: typeof standard, url: string) =>
    greet({ url, dialect }, config, AbortSignal.timeout(CHECK_MS));
  const first = isSilent ? null : greeting(standard, upstream);
  const upstreamChecks = (
    name: string | null,
    url: string,
    target: typeof standard,
    greeted = greeting(target, url),
  ) => {
    const called = name === null ? '' : ` ${name}`;
    const candidate = { ...target, name, url, key: keys.get(name) ?? null, model };
    return [
      [`upstream${called}`, () => checkUpstream(url, target.setting, greeted)],
      [`stream${called}`, (signal) => checkStream(candidate, greeted, (probe) => askUpstream(probe, config, signal))],
    ] satisfies readonly NamedCheck[];
  };
  return [
    ['variables', () => checkVariables(examined)],
    ['admin API', () => checkAdmin(config)],
    ['API port', (signal) => checkApiPort(config, signal)],
    ['admin port', (signal) => checkAdminPort(config, signal)],
    ['running proxy', () => checkRunning(examined)],
    ['hints', () => checkHints(examined)],
    ['proxy', () => checkProxy(config)],
    ...(first === null
      ? [NONE_ASKED]
      : [
          ...upstreamChecks(null, upstream, standard, first),
          ...[...named].flatMap(([name, target]) => upstreamChecks(name, upstreams[name]?.url ?? '', target)),
        ]),
    ['clock', () => checkClock(systemClock.now(), first)],
    ...(redis === null ? [] : redisChecks(config)),
    ...storeChecks(config, ['secret', () => checkSecret(examined)]),
  ];
}

function redisChecks(config: ExaminedConfig['config']): readonly NamedCheck[] {
  return [
    ['Redis', () => checkRedis(config)],
    ['Redis settings', () => checkRedisSettings(config)],
    ['fleet secret', () => checkFleetSecret(config)],
  ];
}

function storeChecks(config: ExaminedConfig['config'], secret: NamedCheck): readonly NamedCheck[] {
  const { cassette, store } = config;
  if (cassette !== null) return [['cassette', () => checkCassette(cassette, isOffline(config))]];
  return store.path === null ? [STORE_OFF, secret] : fileChecks(store.path, config, secret);
}

const NONE_ASKED: NamedCheck = ['upstream', () => ok('none is asked, since this proxy is offline')];
const STORE_OFF: NamedCheck = ['store file', () => ok('off; answers are kept in memory alone')];

function fileChecks(
  path: string,
  { store: { bytes }, isUserStore }: ExaminedConfig['config'],
  secret: NamedCheck,
): readonly NamedCheck[] {
  return [
    ['store file', (signal) => checkDatabase({ path, of: 'store', bytes }, signal)],
    ['store directory', () => checkDirectory(path, isUserStore)],
    ['disk space', () => checkSpace(path, bytes)],
    ['usage ledger', (signal) => checkDatabase({ path: usagePath(path), of: 'ledger', bytes: null }, signal)],
    secret,
    ['file modes', () => checkPrivacy(path)],
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
