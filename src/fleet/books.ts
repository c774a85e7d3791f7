/**
 * The books of a fleet: the sums of all its processes, on a board. Each process
 * puts what it has counted since its start on a page of its own, again and
 * again, so that a page which comes twice counts once. The page of a process
 * that is gone stays; a day later it is folded into one with others.
 *
 * The books are for people. The truth of a process is its usage ledger.
 */
import type { Clock } from '../clock.ts';
import { type Bill, type BillQuery, billOf } from '../ledger/bill.ts';
import { whyOf } from '../ledger/reasons.ts';
import { seriesOf } from '../ledger/series-reading.ts';
import { pricedSparedBy } from '../ledger/spared.ts';
import { dayOf } from '../ledger/row.ts';
import { type Stats, StatsSums } from '../ledger/stats.ts';
import type { PricedCallRecord, PricedUsageRecord } from '../ledger/usage-record.ts';
import { Folding, pagesOf } from './folding.ts';
import type { Board } from './hub.ts';
import { OwnPage } from './own-page.ts';
import { type Page, textOf } from './page.ts';

export interface FleetStats extends Stats {
  /** How many processes have put their page within the last minute. */
  readonly nodes: number;
}

/** The bill of a tag, of all nodes. */
export interface FleetBill extends Bill {
  readonly nodes: number;
}

export interface BooksOptions {
  readonly board: Board;
  readonly node: string;
  readonly clock: Clock;
}

/** A page on its way to the board, which may have it or not: it is not added to, and put again until that is known. */
interface SentPage {
  readonly own: OwnPage;
  readonly page: Page;
}

const PUT_MS = 10_000;
const ALIVE_MS = 60_000;
/** How many pages are put between two looks at what can be folded. */
const PUTS_PER_FOLDING = 60;
/** How long a page is put again: half of the time after which it may be in a fold, and would count twice. */
const AGAIN_MS = 43_200_000;

export class Books {
  readonly #board: Board;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #folding: Folding;
  #own: OwnPage;
  #sent: SentPage | null = null;
  #putting: Promise<void> = Promise.resolve();
  #pages = 0;
  #puts = 0;
  #cancel: () => void;

  constructor({ board, node, clock }: BooksOptions) {
    this.#board = board;
    this.#node = node;
    this.#clock = clock;
    this.#folding = new Folding(board);
    this.#own = this.#newPage();
    this.#cancel = this.#putLater();
  }

  observe(record: PricedUsageRecord): void {
    const { outcome, time } = record;
    const why = whyOf(record);
    this.#own.add(record, outcome, 1);
    const spared = record.items && pricedSparedBy(record);
    if (spared) this.#own.add(spared, 'hit', 0);
    if (why !== null && (outcome === 'bypass' || outcome === 'miss' || outcome === 'hit')) {
      this.#own.addReason({ day: dayOf(time), outcome, why, requests: 1 });
    }
  }

  observeCall(record: PricedCallRecord): void {
    this.#own.add(record, 'miss', 0);
  }

  /** Of all processes, of this one as of now; null where the board cannot be read. */
  async stats(): Promise<FleetStats | null> {
    const pages = await this.#pagesNow();
    if (pages === null) return null;
    const sums = new StatsSums(dayOf(this.#clock.now()));
    for (const { rows, reasons } of pages) sums.add(rows, reasons);
    return { nodes: this.#alive(pages), ...sums.stats() };
  }

  /** The same of one tag: of others there are no hours on the pages. */
  async bill(query: BillQuery & { readonly by: 'tag' }): Promise<FleetBill | null> {
    const pages = await this.#pagesNow();
    if (pages === null) return null;
    const rows = pages.flatMap(({ tags }) => tags);
    const bill = await billOf(query, this.#clock.now(), (asked) => seriesOf(asked, rows));
    return { nodes: this.#alive(pages), ...bill };
  }

  async #pagesNow(): Promise<readonly Page[] | null> {
    const notes = await this.#board.all();
    if (notes === null) return null;
    const pages = new Map(pagesOf(notes).counted);
    if (this.#sent) pages.set(this.#sent.own.name, this.#sent.page);
    pages.set(this.#own.name, this.#pageOf(this.#own));
    return [...pages.values()];
  }

  /** How many nodes have put a page within the last minute. */
  #alive(pages: readonly Page[]): number {
    const now = this.#clock.now();
    const alive = pages.filter(({ at, of }) => of.length === 0 && at > now - ALIVE_MS);
    return new Set(alive.map(({ node }) => node)).size;
  }

  /** Puts what was counted until now. */
  async close(): Promise<void> {
    this.#cancel();
    if (this.#sent) await this.#put();
    await this.#put();
  }

  #putLater(): () => void {
    return this.#clock.after(PUT_MS, async () => {
      this.#cancel = this.#putLater();
      await this.#put();
      if (++this.#puts % PUTS_PER_FOLDING === 0) await this.#folding.step(this.#node, this.#clock.now());
    });
  }

  /** One at a time. */
  #put(): Promise<void> {
    return (this.#putting = this.#putting.then(() => this.#putPage()));
  }

  async #putPage(): Promise<void> {
    const { own, page } = (this.#sent ??= this.#send());
    const isThere = await this.#board.put(own.name, textOf(page));
    if (isThere) {
      own.take(this.#own.sums(page.at));
      this.#own = own;
    }
    if (isThere || page.at <= this.#clock.now() - AGAIN_MS) this.#sent = null;
  }

  /** From here on is counted for another page, unless this one is found to be on the board. */
  #send(): SentPage {
    const own = this.#own;
    this.#own = this.#newPage();
    return { own, page: this.#pageOf(own) };
  }

  #newPage(): OwnPage {
    return new OwnPage(`${this.#node}:${++this.#pages}`);
  }

  #pageOf(own: OwnPage): Page {
    const now = this.#clock.now();
    return { node: this.#node, at: now, of: [], ...own.sums(now) };
  }
}
