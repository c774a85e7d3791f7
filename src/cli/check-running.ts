/**
 * The doctor on the proxy that runs: does it run with what a start here would
 * use, and what does it say keeps requests from hitting.
 */
import type { ExaminedConfig } from '../config/config.ts';
import { showConfig, type ShownConfig, type ShownSetting } from '../config/shown.ts';
import { ConfigError } from '../errors.ts';
import type { ProxyStats } from './usage-file.ts';
import { createAdminClient, type AdminClient, NobodyListens } from './admin-client.ts';
import { CommandError } from './failure.ts';
import { type Finding, ok, warning } from './finding.ts';

const NONE_RUNS = 'no proxy runs where the settings say';

export async function checkRunning({ config, origins }: ExaminedConfig): Promise<Finding> {
  const check = 'running proxy';
  const running = await askOf<ShownConfig>(config, (admin) => admin.ask('GET', '/settings', 'settings'));
  if (running === null) return ok(check, NONE_RUNS);
  if (typeof running === 'string') return warning(check, running, 'what it runs with was not compared');
  const here = showConfig(config, origins);
  const details = differences(running, here);
  if (details.length === 0) return ok(check, `Refrain ${running.version} runs with what a start here would use`);
  const says = `it runs with other settings than a start here would use (${details.length})`;
  const advice = 'restart it to take these, or look with the settings that it was started with';
  return warning(check, says, advice, details);
}

/** Reports what keeps requests from hitting, as the proxy has seen it. */
export async function checkHints({ config }: ExaminedConfig): Promise<Finding> {
  const check = 'hints';
  const stats = await askOf<ProxyStats>(config, (admin) => admin.ask('GET', '/stats', 'periods'));
  if (stats === null) return ok(check, NONE_RUNS);
  if (typeof stats === 'string') return ok(check, `none can be had: ${stats}`);
  // A proxy that is older has none.
  const details = (stats.hints ?? []).map(({ text }) => text);
  if (details.length === 0) return ok(check, 'nothing is seen to keep requests from hitting');
  const ways = details.length === 1 ? '1 way' : `${details.length} ways`;
  return warning(check, `requests are kept from hitting in ${ways}`, 'see each', details);
}

/** @returns null where nobody listens, or why there is no answer */
async function askOf<T>(
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
    return [`${there.path} = ${toldValue(there)} there; ${mine ? toldValue(mine) : 'not known'} here`];
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

function toldValue({ value, from }: ShownSetting): string {
  return `${JSON.stringify(value)} (${from === null ? 'by default' : `from ${from}`})`;
}
