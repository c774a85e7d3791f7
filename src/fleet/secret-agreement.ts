/**
 * The secret of a fleet: the same in all of its nodes, or one would not find
 * what another stores, nor know the callers that it turns away. The first node
 * leaves a digest of it on a board, and all others compare theirs: at start,
 * and after each time out of reach, since the hub may be another by then.
 */
import type { Clock } from '../clock.ts';
import { ConfigError } from '../errors.ts';
import type { Log } from '../log.ts';
import { fleetKey } from '../redis/keys.ts';
import { digestOfSecret } from '../secret.ts';
import type { Hub } from './hub.ts';

export interface SecretAgreementOptions {
  readonly hub: Hub;
  readonly secret: Uint8Array;
  /** True where a secret that is not the fleet's is refused; else this process then goes on alone. */
  readonly isStart: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const BOARD = 'facts';
const FACT = 'secret';
/** How long a hub that is up, and did not say, is left alone. */
const RETRY_MS = 1_000;

const DIFFERS = 'the secret of this proxy is not that of the fleet at this Redis';
export const SECRET_ADVICE =
  'give all nodes the same secret or secretFile; to change it in all of them, stop them and run ' +
  `redis-cli HDEL '${fleetKey(`board:${BOARD}`)}' ${FACT}`;

/** The digest of the secret of a fleet; undefined where it has none yet, null where the hub does not say. */
export async function secretOfFleet(hub: Hub): Promise<string | undefined | null> {
  const facts = await hub.board(BOARD).all();
  return facts === null ? null : facts.get(FACT);
}

/** The hub is closed where the secret is another. @throws ConfigError where that shows at once */
export async function agreeOnSecret({ hub, secret, isStart, clock, log }: SecretAgreementOptions): Promise<void> {
  const digest = digestOfSecret(secret);
  const compare = async () => {
    const agreed = await hub.board(BOARD).agree(FACT, digest);
    const isOurs = agreed === null ? null : agreed === digest;
    if (isOurs === null && hub.state === 'up') clock.after(RETRY_MS, () => void compareAgain());
    if (isOurs === false) await hub.close();
    return isOurs;
  };
  const compareAgain = async () => {
    if ((await compare()) === false) log.error(`${DIFFERS}, and this proxy goes on alone: ${SECRET_ADVICE}`);
  };
  if (!isStart) await compareAgain();
  else if ((await compare()) === false) throw new ConfigError(`${DIFFERS}: ${SECRET_ADVICE}`);
  hub.onState((state) => state === 'up' && void compareAgain());
}
