/**
 * The doctor on what was configured: are the settings valid, and who gave
 * them; is the operator's listener safe; which variables mean nothing.
 */
import type { Examined } from '../config/command.ts';
import type { Config, ExaminedConfig } from '../config/config.ts';
import { isLoopback } from '../config/own-listener.ts';
import { failure, type Finding, ok, warning } from './finding.ts';

export function checkSettings(examined: Examined): Finding {
  if ('fault' in examined)
    return failure('settings', examined.fault, 'correct this first; what depends on the settings was not looked at');
  const { origins } = examined;
  const details = origins.map(({ path, shown, from }) => `${path} = ${shown}, from ${from}`);
  return ok(
    'settings',
    origins.length === 0 ? 'valid, all by default' : `valid, ${origins.length} not by default`,
    details,
  );
}

export function checkVariables({ config }: ExaminedConfig): Finding {
  const unknown = config.unknownVariables;
  if (unknown.length === 0) return ok('variables', 'no REFRAIN_ variable is unknown');
  const names = unknown.map(({ name, nearest }) => `${name} (did you mean ${nearest}?)`).join(', ');
  return warning('variables', `no setting is called ${names}`, 'correct or remove it');
}

export function checkOperator({ admin }: Config): Finding {
  const check = "operator's door";
  if (isLoopback(admin.host))
    return ok(
      check,
      `${admin.host} is open to this machine alone${admin.token === null ? '' : ', and asks for a token'}`,
    );
  return warning(
    check,
    `${admin.host} is open to other machines, and asks for a token that crosses the network unencrypted`,
    'put TLS or a tunnel in front of it',
  );
}
