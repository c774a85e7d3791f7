/**
 * The calls of `Hub` that one node makes to its parent's: flat, as a channel
 * carries them.
 */
import type { Claim, Lease, LogName } from '../fleet/hub.ts';
import type { BoardName, ParentHub } from './parent-hub.ts';

export type HubService = ReturnType<typeof createHubService>;

export function createHubService(hub: ParentHub, node: string) {
  return {
    claim: (claim: Claim) => hub.claim(node, claim),
    renew: (leases: readonly Lease[], ms: number) => leases.map((lease) => hub.renew(lease, ms)),
    release: (lease: Lease) => hub.release(lease),
    send: (to: string, message: Uint8Array) => hub.send(to, message),
    append: (log: LogName, text: string) => hub.log(log).append(text),
    read: (log: LogName, after: number, limit: number) => hub.log(log).read(after, limit),
    put(board: BoardName, name: string, text: string) {
      hub.board(board).set(name, text);
      return true;
    },
    agree(board: BoardName, name: string, text: string) {
      const notes = hub.board(board);
      if (!notes.has(name)) notes.set(name, text);
      return notes.get(name) as string;
    },
    remove(board: BoardName, names: readonly string[]) {
      for (const name of names) hub.board(board).delete(name);
      return true;
    },
    notes: (board: BoardName) => new Map(hub.board(board)),
  };
}
