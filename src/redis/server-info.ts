/**
 * A server of Redis as it describes itself.
 */
import type { RedisNode } from './commands.ts';

/** By the names that `INFO` uses. */
export type ServerInfo = ReadonlyMap<string, string>;

const INFO_MS = 1_000;

/** Undefined where it does not say, or may not be asked. */
export async function readInfo(server: RedisNode, ...sections: readonly string[]): Promise<ServerInfo | undefined> {
  const reply = await server.ask('INFO', sections, INFO_MS);
  if (!Buffer.isBuffer(reply)) return undefined;
  const lines = reply.toString().matchAll(/^([a-z_0-9]+):(.*?)\r?$/gm);
  return new Map(Array.from(lines, ([, name = '', value = '']) => [name, value]));
}

export function figureOf(info: ServerInfo, name: string): number {
  const figure = Number(info.get(name));
  return Number.isFinite(figure) ? figure : 0;
}
