/**
 * `refrain watch`: shows a proxy at work, from its admin API: on a terminal as
 * a screen that redraws, else as a line every few seconds.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ProxyState } from '../admin/state.ts';
import type { WatchCommand } from '../config/command.ts';
import type { AdminClient } from './admin-client.ts';
import { askProxy } from './connect.ts';
import type { Output } from './output.ts';
import type { ProxyStats } from './proxy-data.ts';
import { Screen } from './screen.ts';
import { plainLine, screenLines, type Watched } from './watch-view.ts';
import { type WatchedRequest, WatchWindow } from './watch-window.ts';

const SECOND = 1_000;

/** How often sums and state are asked for, and a line is printed, in seconds. */
const LOOK_SECONDS = 5;

/** @param ended ends it @returns the exit code, once it is ended */
export async function watchProxy(
  { target }: WatchCommand,
  output: Output,
  ended: AbortSignal = endOf(process),
): Promise<number> {
  return askProxy(target, async (admin) => {
    const watch = new Watch(admin, await look(admin, ended), ended);
    const { screen } = output;
    await Promise.all([watch.follow(), watch.lookAgain(), screen ? watch.redraw(output) : watch.print(output)]);
    return 0;
  });
}

/** Aborted by a signal, and where nobody reads any more: `refrain watch | head`. */
function endOf({ stdout }: NodeJS.Process): AbortSignal {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end.abort());
  stdout.once('error', () => end.abort());
  return end.signal;
}

type Looked = Pick<Watched, 'state' | 'stats'>;

async function look(admin: AdminClient, ended: AbortSignal): Promise<Looked> {
  const [state, stats] = await Promise.all([
    admin.ask<ProxyState>('GET', '/state', 'readiness', undefined, ended),
    admin.ask<ProxyStats>('GET', '/stats', 'periods', undefined, ended),
  ]);
  return { state, stats };
}

class Watch {
  readonly #admin: AdminClient;
  readonly #ended: AbortSignal;
  readonly #window = new WatchWindow();
  #looked: Looked;
  #isThere = true;

  constructor(admin: AdminClient, looked: Looked, ended: AbortSignal) {
    this.#admin = admin;
    this.#looked = looked;
    this.#ended = ended;
  }

  /** Takes in each request as it ends; goes on by itself where the proxy was away. */
  async follow(): Promise<void> {
    while (!this.#ended.aborted) {
      try {
        for await (const event of this.#admin.events('/events', this.#ended))
          this.#window.add(JSON.parse(event) as WatchedRequest, Date.now());
      } catch {
        // Faults that it names show when it is looked at.
      }
      await this.#pause(SECOND);
    }
  }

  async lookAgain(): Promise<void> {
    while (await this.#pause(this.#isThere ? LOOK_SECONDS * SECOND : SECOND)) {
      try {
        const late = AbortSignal.timeout(LOOK_SECONDS * SECOND);
        this.#looked = await look(this.#admin, AbortSignal.any([this.#ended, late]));
        this.#isThere = true;
      } catch {
        this.#isThere = false;
      }
    }
  }

  async redraw({ screen: terminal, paint }: Output): Promise<void> {
    const draw = () => {
      screen.draw(screenLines(this.#watched, this.#window, Date.now(), screen.width, paint));
    };
    const screen = new Screen(terminal as NodeJS.WriteStream, draw);
    do draw();
    while (await this.#pause(SECOND));
    screen.close();
  }

  async print({ print }: Output): Promise<void> {
    while (await this.#pause(LOOK_SECONDS * SECOND))
      print(plainLine(this.#watched, this.#window, LOOK_SECONDS, Date.now()));
  }

  get #watched(): Watched {
    return { url: this.#admin.url, ...this.#looked, isThere: this.#isThere };
  }

  /** @returns false once it is ended */
  async #pause(ms: number): Promise<boolean> {
    await wait(ms, undefined, { signal: this.#ended }).catch(() => {});
    return !this.#ended.aborted;
  }
}
