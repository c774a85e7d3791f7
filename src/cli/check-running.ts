/**
 * The doctor on the proxy that runs: does it run with what a start here would
 * use, and what does it say keeps requests from hitting.
 */
import type { ExaminedConfig } from '../config/sources.ts';
import { showConfig, type ShownConfig, type ShownSetting } from '../config/shown.ts';
import { ConfigError } from '../errors.ts';
import { type AdminClient, createAdminClient, NobodyListens } from './admin-client.ts';
import { CommandError } from './failure.ts';
import { ok, type CheckResult, warning } from '../admin/findings.ts';
import type { ProxyStats } from './proxy-data.ts';

const NONE_RUNS = 'no proxy runs where the settings say';

export async function checkRunning({ config, origins }: ExaminedConfig): Promise<CheckResult> {
  const running = await askProxy<ShownConfig>(config, (admin) => admin.ask('GET', '/settings', 'settings'));
  if (running === null) return ok(NONE_RUNS);
  if (typeof running === 'string') return warning(running, 'its settings were not compared');
  const details = differences(running, showConfig(config, origins));
  if (details.length === 0) return ok(`Refrain ${running.version} runs with what a start here would use`);
  const says = `it runs with other settings than a start here would use (${details.length})`;
  return warning(says, 'restart it to take these, or look with the settings that it was started with', details);
}

/** Reports what keeps requests from hitting, as the proxy has seen it. */
export async function checkHints({ config }: ExaminedConfig): Promise<CheckResult> {
  const stats = await askProxy<ProxyStats>(config, (admin) => admin.ask('GET', '/stats', 'periods'));
  if (stats === null) return ok(NONE_RUNS);
  if (typeof stats === 'string') return ok(`none can be had: ${stats}`);
  // A proxy that is older has none.
  const details = (stats.hints ?? []).map(({ text }) => text);
  if (details.length === 0) return ok('nothing is seen to keep requests from hitting');
  const ways = details.length === 1 ? '1 way' : `${details.length} ways`;
  return warning(`requests are kept from hitting in ${ways}`, 'see each', details);
}

/** @returns null where nobody listens, or why there is no answer */
async function askProxy<T>(
  config: ExaminedConfig['config'],
  act: (admin: AdminClient) => Promise<T>,
): Promise<T | string | null> {
  try {
    return await act(createAdminClient({ config, url: null }));
  } catch (error) {
    if (error instanceof NobodyListens) return null;
    if (error instanceof CommandError || error instanceof ConfigError) return error.message;
    throw error;
  }
}

function differences(running: ShownConfig, here: ShownConfig): readonly string[] {
  const version = running.version === here.version ? [] : [`Refrain ${running.version} there, ${here.version} here`];
  const own = new Map(here.settings.map((setting) => [setting.path, setting]));
  const settings = running.settings.flatMap((there) => {
    const mine = own.get(there.path);
    if (isSame(there, mine)) return [];
    return [`${there.path} = ${describe(there)} there; ${mine ? describe(mine) : 'not known'} here`];
  });
  const proxies = (['http', 'https', 'no'] as const).flatMap((scheme) => {
    const [there, mine] = [running.proxy[scheme] ?? 'not set', here.proxy[scheme] ?? 'not set'];
    return there === mine ? [] : [`${scheme}_proxy = ${there} there; ${mine} here`];
  });
  return [...version, ...settings, ...proxies];
}

function isSame(there: ShownSetting, mine: ShownSetting | undefined): boolean {
  // Any free port was asked for, and one was found.
  if (there.path.endsWith('port') && there.value === 0) return true;
  return mine !== undefined && JSON.stringify(there.value) === JSON.stringify(mine.value);
}

function describe({ value, from }: ShownSetting): string {
  return `${JSON.stringify(value)} (${from === null ? 'by default' : `from ${from}`})`;
}
