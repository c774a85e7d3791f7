/**
 * The prices of tokens: OpenAI's and Anthropic's lists for their standard tier,
 * from `config/prices.json`. `since` is a day from which a price is known to
 * have stood at its `source` (of a page without a date: the earliest that its
 * text can be of); what it was before, and since, is not known here.
 *
 * A price holds for the model it names and for its dated snapshots. Anything
 * else in a name makes it another model: `gpt-4o-mini` and
 * `gpt-4o-audio-preview` are no `gpt-4o`, nor is what was fine-tuned from it.
 * No price is a guess; without one, tokens are counted and money is not.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, reasonOf, shown } from '../errors.ts';
import type { Usage } from '../response/usage.ts';

/** Dollars per million tokens. */
export interface Price {
  readonly input: number;
  /** Absent where cached input costs what other input costs. */
  readonly cachedInput?: number;
  /** Absent where input that is written to the upstream's own cache costs what other input costs. */
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly output: number;
  /** The most tokens of input for which the price holds. */
  readonly upTo?: number;
  readonly since: string;
  readonly source: string;
}

/** The same for `src/` and `dist/`. */
const FILE = new URL('../../config/prices.json', import.meta.url);

/** The ending of a model's name in that of its snapshot: `-2024-07-18`, `-20250929` or `-0613`. */
const SNAPSHOT = /-(\d{4}-\d{2}-\d{2}|20\d{6}|(?:0[1-9]|1[0-2])[0-3]\d)$/;

/** A dollar per million tokens is so many nano-dollars per token. */
const NANO_PER_TOKEN = 1_000;

export const NANO_PER_DOLLAR = 1_000_000_000;

export type PriceTable = Readonly<Record<string, Price>>;

export class Prices {
  readonly table: PriceTable;
  readonly #prices: ReadonlyMap<string, Price>;
  /** The last that was found: the same is asked for again and again. */
  #last: { readonly model: string; readonly price: Price | null } = { model: '', price: null };

  constructor(prices: PriceTable) {
    this.table = prices;
    this.#prices = new Map(Object.entries(prices));
  }

  find(model: string): Price | null {
    if (model !== this.#last.model)
      this.#last = { model, price: this.#prices.get(model) ?? this.#prices.get(model.replace(SNAPSHOT, '')) ?? null };
    return this.#last.price;
  }

  /** In whole nano-dollars, so that any number of them adds up exactly; null where there is no price. */
  nanoDollars(model: string | null, usage: Usage): number | null {
    const price = model === null ? null : this.find(model);
    if (price === null || usage.input > (price.upTo ?? Infinity)) return null;
    const { input, cachedInput, cacheWrite5m = 0, cacheWrite1h = 0, output } = usage;
    const dollars =
      (input - cachedInput - cacheWrite5m - cacheWrite1h) * price.input +
      cachedInput * (price.cachedInput ?? price.input) +
      cacheWrite5m * (price.cacheWrite5m ?? price.input) +
      cacheWrite1h * (price.cacheWrite1h ?? price.input) +
      output * price.output;
    return Math.round(dollars * NANO_PER_TOKEN);
  }
}

/** Null where there is no price. */
export function inDollars(nanoDollars: number | null): number | null {
  return nanoDollars === null ? null : nanoDollars / NANO_PER_DOLLAR;
}

export function readPrices(): Prices {
  return new Prices(readPriceTable());
}

/** @throws ConfigError where the file was changed to what is no table of prices */
export function readPriceTable(file: URL | string = FILE): PriceTable {
  try {
    const table: PriceTable = JSON.parse(readFileSync(file, 'utf8'));
    const [odd] = Object.entries(table).find(([, price]) => !isPrice(price)) ?? [];
    if (odd === undefined) return table;
    throw new ConfigError(`${pathOf(file)} has no price for ${shown(odd)}: it needs input and output, as numbers`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${pathOf(file)} is no table of prices in JSON (${reasonOf(error)})`);
  }
}

function isPrice({ input, output }: Partial<Price>): boolean {
  return Number.isFinite(input) && Number.isFinite(output);
}

function pathOf(file: URL | string): string {
  return typeof file === 'string' ? file : fileURLToPath(file);
}
