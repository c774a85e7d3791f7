/**
 * The doctor on the configuration: are the settings valid, and who gave them;
 * is the admin API safe; which variables mean nothing.
 */
import type { Examined } from '../config/command.ts';
import type { Config } from '../config/config.ts';
import type { ExaminedConfig } from '../config/sources.ts';
import { isLoopback } from '../config/own-listener.ts';
import { failure, ok, type CheckResult, warning } from '../admin/findings.ts';

export function checkSettings(examined: Examined): CheckResult {
  if ('fault' in examined)
    return failure(examined.fault, 'correct this first; what depends on the settings was not looked at');
  const details = examined.origins.map(({ path, shown, from }) => `${path} = ${shown}, from ${from}`);
  return ok(details.length === 0 ? 'valid, all by default' : `valid, ${details.length} not by default`, details);
}

export function checkVariables({ config: { unknownVariables } }: ExaminedConfig): CheckResult {
  if (unknownVariables.length === 0) return ok('no REFRAIN_ variable is unknown');
  const names = unknownVariables.map(({ name, nearest }) => `${name} (did you mean ${nearest}?)`);
  return warning(`no setting is called ${names.join(', ')}`, 'correct or remove it');
}

export function checkAdmin({ admin: { host, token }, tls }: Config): CheckResult {
  const isAsking = token === null ? '' : ', and asks for a token';
  if (isLoopback(host)) return ok(`${host} is open to this machine alone${isAsking}`);
  if (tls.cert !== null) return ok(`${host} is open to other machines over TLS${isAsking}`);
  const says = `${host} is open to other machines${isAsking} that crosses the network unencrypted`;
  return warning(says, 'set tls.cert and tls.key, or put TLS or a tunnel in front of it');
}
