/**
 * The promises of a fleet, checked against what every request was given and
 * everything that was stored.
 */
import type { Entry } from '../../src/response/entry.ts';
import type { Fence } from '../../src/store/store.ts';
import { callOf } from '../flight/answers.ts';
import { codeOf } from '../flight/asker.ts';
import { Findings } from '../flight/findings.ts';
import type { FleetCall } from './call.ts';
import type { Fleet, FleetAsker } from './fleet.ts';
import { isCalm } from './profile.ts';

export class FleetInvariants {
  readonly findings = new Findings();
  readonly #fleet: Fleet;
  /** The order in which leases were granted, by token. */
  readonly #granted = new Map<string, number>();
  /** The call whose answer was stored under a token. */
  readonly #stored = new Map<string, string>();
  /** The token under which what is stored now was stored. */
  readonly #tokens = new Map<string, string | undefined>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  onGranted(token: string): void {
    this.#granted.set(token, this.#granted.size);
  }

  onWrite(key: string, entry: Entry, fence: Fence | undefined, before: Entry | undefined): void {
    const call = callOf(entry.head);
    this.#fleet.say(() => `  call ${call} is stored under ${key} with ${fence?.token.slice(0, 4)}`);
    const { profile } = this.#fleet;
    this.findings.hold(fence !== undefined || profile.hasBadAnswers, () => `call ${call} is stored without a fence`);
    if (fence === undefined) return void this.#tokens.delete(key);
    const { token } = fence;
    // Promoted from the file of a node, which is no leader's answer.
    if (token === '') return this.findings.hold(before === undefined, () => `call ${call} is promoted over another`);
    const other = this.#stored.get(token) ?? call;
    this.findings.hold(other === call, () => `calls ${other} and ${call} are stored under one token`);
    this.#stored.set(token, call);
    const [now, then] = [this.#granted.get(token), this.#granted.get(this.#tokens.get(key) ?? '')];
    const isInOrder = before === undefined || (now !== undefined && (then === undefined || then <= now));
    this.findings.hold(isInOrder, () => `call ${call} replaces what was stored under a later lease`);
    this.#tokens.set(key, token);
  }

  /** Everything is over. */
  atRest(): void {
    const { server, profile } = this.#fleet;
    if (profile.lost > 0 || profile.isTooSlow || profile.hasOutages || profile.hasDeaths) return;
    for (const [key] of server.leases) {
      this.findings.hold(server.holder(key) === undefined, () => `the lease of ${key} is held by nobody's flight`);
    }
  }

  atEnd(): void {
    const { alive, askers, server, shared, profile, calls } = this.#fleet;
    for (const asked of askers) if (!asked.node.isDead) this.#checkAsker(asked, askers.indexOf(asked));
    for (const node of alive) for (const left of node.remains()) this.findings.hold(false, () => left);
    const { last, incarnation } = server.log('purges');
    for (const { name, purges } of alive) {
      const hasRead = purges.mark?.id === last && purges.mark.log === incarnation;
      this.findings.hold(hasRead, () => `${name} has not read all purges`);
    }
    if (!isCalm(profile)) return;
    for (const [key, ofKey] of Map.groupBy(calls, ({ topic }) => topic.key)) {
      this.findings.hold(ofKey.length === 1, () => `${ofKey.length} calls were made for ${key}`);
      this.findings.hold(shared.entries.has(key), () => `nothing is stored under ${key}`);
    }
  }

  #checkAsker({ asker, notBefore }: FleetAsker, number: number): void {
    const hold = (holds: boolean, what: () => string) => this.findings.hold(holds, () => `request ${number} ${what()}`);
    hold(asker.isOver, () => `is ${asker.state} for ever`);
    if (asker.state === 'left') return;
    hold(asker.state !== 'refused', () => `is refused: ${asker.error}`);
    if (asker.result === null) return;
    const { head } = asker.listener;
    const played = Buffer.concat(asker.played);
    if (asker.state === 'cut') this.#checkCut(asker, hold, head && this.#callOf(callOf(head)));
    if (head === null) return;
    const call = this.#callOf(callOf(head));
    hold(
      call.topic === asker.topic,
      () => `for ${asker.topic.key} was given call ${call.number} for ${call.topic.key}`,
    );
    hold(call.startedAt >= notBefore, () => `was given call ${call.number}, which was purged`);
    hold(
      call.body.subarray(0, played.length).equals(played),
      () => `was given other bytes than call ${call.number} said`,
    );
    const { terminal, chunks } = call.answer;
    const least = chunks.slice(0, terminal ?? chunks.length).reduce((sum, chunk) => sum + chunk.length, 0);
    hold(asker.state !== 'complete' || played.length >= least, () => `was given too little of call ${call.number}`);
    const isOwn = asker.result.outcome.word === 'miss';
    const isPersonal = asker.topic.shared && head.status === 401;
    hold(isOwn || !isPersonal, () => `was given another's refusal`);
  }

  #checkCut(
    { error, played }: FleetAsker['asker'],
    hold: (holds: boolean, what: () => string) => void,
    call: FleetCall | null,
  ): void {
    const { profile } = this.#fleet;
    const code = codeOf(error);
    if (code === 'leader_lost') {
      hold(!isCalm(profile), () => 'lost its leader, and nothing was wrong');
      hold(played.length > 0, () => 'lost its leader before its first byte');
    } else {
      const isFailing = call ? call.state === 'failed' : profile.hasBadAnswers;
      hold(code === 'upstream_cut' && isFailing, () => `is cut by ${error}`);
    }
  }

  #callOf(number: string): FleetCall {
    return this.#fleet.calls[Number(number)] as FleetCall;
  }
}
