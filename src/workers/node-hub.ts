/**
 * The parent's hub as one node has it: a worker over its channel, or the parent
 * itself.
 */
import type { Board, Claim, Claimed, Hub, HubState, Lease, LogName, SharedLog } from '../fleet/hub.ts';
import type { HubService } from './hub-service.ts';
import type { BoardName, HubMember } from './parent-hub.ts';

/** Asks the hub; undefined where it cannot be asked. */
export type AskHub = <N extends keyof HubService>(
  method: N,
  ...parameters: Parameters<HubService[N]>
) => Promise<Awaited<ReturnType<HubService[N]>> | undefined>;

export class NodeHub implements Hub, HubMember {
  readonly node: string;
  readonly #ask: AskHub;
  readonly #onClose: () => void;
  readonly #stateListeners: ((state: HubState) => void)[] = [];
  readonly #leftListeners: ((node: string) => void)[] = [];
  readonly #newsListeners: Record<LogName, (() => unknown)[]> = { purges: [], callers: [], replaced: [] };
  #listener: (message: Buffer) => void = () => {};
  #state: HubState = 'up';

  constructor(node: string, ask: AskHub, onClose: () => void = () => {}) {
    this.node = node;
    this.#ask = ask;
    this.#onClose = onClose;
  }

  get state(): HubState {
    return this.#state;
  }

  onState(listener: (state: HubState) => void): void {
    this.#stateListeners.push(listener);
  }

  claim(claim: Claim): Promise<Claimed | null> {
    return this.#orNull('claim', claim);
  }

  renew(leases: readonly Lease[], ms: number): Promise<readonly boolean[] | null> {
    return this.#orNull('renew', leases.map(bareOf), ms);
  }

  release(lease: Lease): Promise<boolean | null> {
    return this.#orNull('release', bareOf(lease));
  }

  send(node: string, message: Uint8Array): Promise<boolean | null> {
    return this.#orNull('send', node, message);
  }

  listen(listener: (message: Buffer) => void): void {
    this.#listener = listener;
  }

  onLeft(listener: (node: string) => void): void {
    this.#leftListeners.push(listener);
  }

  log(name: LogName): SharedLog {
    return {
      append: (text) => this.#orNull('append', name, text),
      read: (after, limit) => this.#orNull('read', name, after, limit),
      onNews: (listener) => void this.#newsListeners[name].push(listener),
    };
  }

  board(board: BoardName): Board {
    return {
      put: (name, text) => this.#orNull('put', board, name, text),
      agree: (name, text) => this.#orNull('agree', board, name, text),
      remove: (names) => this.#orNull('remove', board, names),
      all: () => this.#orNull('notes', board),
    };
  }

  async deliver(message: Uint8Array): Promise<boolean> {
    this.#listener(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
    return true;
  }

  async news(log: LogName): Promise<void> {
    await Promise.all(this.#newsListeners[log].map((listener) => listener()));
  }

  left(node: string): void {
    for (const listener of this.#leftListeners) listener(node);
  }

  /** The hub is out of reach for good: its process is gone. */
  lost(): void {
    if (this.#state === 'down') return;
    this.#state = 'down';
    for (const listener of this.#stateListeners) listener('down');
  }

  async close(): Promise<void> {
    this.#state = 'down';
    this.#onClose();
  }

  async #orNull<N extends keyof HubService>(
    method: N,
    ...parameters: Parameters<HubService[N]>
  ): Promise<Awaited<ReturnType<HubService[N]>> | null> {
    if (this.#state === 'down') return null;
    return (await this.#ask(method, ...parameters)) ?? null;
  }
}

/** A lease without what its holder keeps with it, which may be a whole flight. */
function bareOf({ key, token }: Lease): Lease {
  return { key, token };
}
