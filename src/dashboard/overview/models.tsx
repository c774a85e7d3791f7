/**
 * The models that the cache saved most on.
 */
import type { SavedByModel, SeriesAnswer } from '../api/answers.ts';
import { hitRateOf } from '../chart/bins.ts';
import { formatCount, formatDollars, formatPercent, formatShort } from '../format.ts';
import { hashWith, type PagePlace } from '../route.ts';
import { knownDollars } from './known-dollars.ts';

interface ModelsProps {
  readonly series: SeriesAnswer;
  readonly route: PagePlace;
}

export function Models({ series, route }: ModelsProps) {
  const models = series.models.toSorted(
    (one, other) => other.dollars.saved - one.dollars.saved || other.requests - one.requests,
  );
  if (models.length === 0) return <section class="models" />;
  return (
    <section class="models scroll-x" aria-label="Models" tabIndex={0}>
      <table class="lines">
        <caption>Models by what was saved</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="number">
              Requests
            </th>
            <th scope="col" class="number">
              Hit rate
            </th>
            <th scope="col" class="number">
              Tokens saved
            </th>
            <th scope="col" class="number">
              Saved
            </th>
            <th scope="col" class="number">
              Spent
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((line) => (
            <Line key={line.model} line={line} route={route} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ line, route }: { readonly line: SavedByModel; readonly route: PagePlace }) {
  const { model, requests, hits, follows, misses, tokens } = line;
  const isOne = model !== null && model !== '(other)';
  return (
    <tr>
      <th scope="row" class="cut" title={model ?? undefined}>
        {isOne ? <a href={hashWith(route, { model })}>{model}</a> : (model ?? 'no model')}
      </th>
      <td class="number">{formatCount(requests)}</td>
      <td class="number">{formatPercent(hitRateOf(hits, follows, misses))}</td>
      <td class="number">{formatShort(tokens.saved)}</td>
      <td class="number">{formatDollars(knownDollars(line, 'saved'))}</td>
      <td class="number">{formatDollars(knownDollars(line, 'spent'))}</td>
    </tr>
  );
}
