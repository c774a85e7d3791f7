/**
 * The first lines on a terminal: where things are, and what to do next.
 */
import { type Config, isOffline } from '../config/config.ts';
import type { ReadyProxy } from './console.ts';
import { inertText } from './escape.ts';
import { formatCount, formatSize } from './format.ts';
import type { Paint } from './paint.ts';

export function banner({ config, addresses: { api, admin }, tiers }: ReadyProxy, paint: Paint): string {
  const rows: readonly (readonly [name: string, text: string])[] = [
    config.cassette === null ? ['store', storeOf(config, tiers)] : ['cassette', config.cassette],
    ['upstream', isOffline(config) ? 'none: it is offline, and answers what it holds' : upstreamsOf(config)],
    ['admin', `${admin}/  (the page; refrain open shows it)`],
    ['next', `set the base URL of your client: OPENAI_BASE_URL=${api}/v1`],
    ['', 'refrain watch shows it at work; Ctrl+C stops it'],
  ];
  const lines = rows.map(([name, text]) => `  ${paint('bold', name.padEnd(8))}  ${inertText(text)}\n`);
  return lines.join('');
}

/** The last tier is the one that has all. */
function storeOf({ store, isUserStore, redis }: Config, tiers: ReadyProxy['tiers']): string {
  const { entries = 0, bytes = 0 } = tiers.at(-1) ?? {};
  const held = `${formatCount(entries)} ${entries === 1 ? 'answer' : 'answers'}, ${formatSize(bytes)}`;
  const place = store.path ?? 'in memory alone: gone when it stops';
  const notes = [held, isUserStore ? 'of this user: no project is here' : [], redis === null ? [] : 'and Redis'].flat();
  return `${place}  (${notes.join('; ')})`;
}

function upstreamsOf({ upstream, upstreams }: Config): string {
  const named = Object.keys(upstreams);
  return named.length === 0 ? upstream : `${upstream}  (and ${named.map((name) => `/${name}`).join(', ')})`;
}
