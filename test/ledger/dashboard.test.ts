import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listMetrics } from '../documents.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const PANELS: readonly Panel[] = JSON.parse(
  readFileSync(new URL('../../config/grafana.json', import.meta.url), 'utf8'),
).panels;
const METRICS = new Map(listMetrics().map((metric) => [metric.name, metric]));
const QUERIES = PANELS.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
);

/** The series that Prometheus makes of a histogram. */
const PARTS = /_(bucket|sum|count)$/;

/** The metrics that a query names, by the name that it has here. */
function metricsOf(query: string): { name: string; labels: readonly string[] | null; matched: string[] }[] {
  return [...query.matchAll(/\b(refrain_\w+)(?:\{([^}]*)\})?/g)].map(([, full = '', matchers = '']) => {
    const histogram = METRICS.get(full.replace(PARTS, ''));
    const metric = METRICS.get(full) ?? (histogram?.type === 'histogram' ? histogram : undefined);
    const isWhole = metric?.type !== 'histogram' || PARTS.test(full);
    const labels = metric && isWhole ? [...metric.labels, ...(full.endsWith('_bucket') ? ['le'] : [])] : null;
    return {
      name: full,
      labels,
      matched: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    };
  });
}

/** The faults of a query: names that nothing has. */
function flawsOf(query: string, legend = ''): string[] {
  const metrics = metricsOf(query);
  const known = new Set(metrics.flatMap(({ labels }) => labels ?? []));
  const grouped = [...query.matchAll(/\b(?:by|without) \(([^)]*)\)/g)].flatMap(([, labels = '']) =>
    labels.split(',').map((label) => label.trim()),
  );
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  return [
    ...(metrics.length === 0 ? ['no metric'] : []),
    ...metrics.filter(({ labels }) => labels === null).map(({ name }) => name),
    ...metrics.flatMap(({ name, labels, matched }) =>
      matched.filter((label) => !labels?.includes(label)).map((label) => `${name}{${label}}`),
    ),
    ...grouped.filter((label) => !known.has(label)),
    ...shown.filter((label) => !grouped.includes(label)),
  ];
}

describe('the dashboard', () => {
  test.each(QUERIES)('asks in "%s" for what there is: %s', (_, query, legend) => {
    expect(flawsOf(query, legend)).toEqual([]);
  });

  test('shows every metric', () => {
    const shown = new Set(
      QUERIES.flatMap(([, query]) =>
        metricsOf(query).map(({ name }) => (METRICS.has(name) ? name : name.replace(PARTS, ''))),
      ),
    );
    expect([...METRICS.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  test('takes rates of counters alone', () => {
    for (const [title, query] of QUERIES) {
      for (const [, name = ''] of query.matchAll(/(?:rate|increase)\((refrain_\w+)/g))
        expect(METRICS.get(name)?.type ?? 'histogram', title).not.toBe('gauge');
    }
  });

  test('has panels that do not overlap, each with a number of its own', () => {
    const taken = new Set<string>();
    for (const {
      gridPos: { x, y, w, h },
      title,
    } of PANELS) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(taken.has(`${column} ${line}`), title).toBe(false);
          taken.add(`${column} ${line}`);
        }
      }
    }
    expect(new Set(PANELS.map(({ id }) => id)).size).toBe(PANELS.length);
  });
});

test.each([
  ['refrain_gone_total', 'refrain_gone_total'],
  ['sum(rate(refrain_requests_total{model="m"}[5m]))', 'refrain_requests_total{model}'],
  ['sum by (model) (rate(refrain_requests_total[5m]))', 'model'],
  ['rate(refrain_hit_duration_seconds[5m])', 'refrain_hit_duration_seconds'],
  ['rate(refrain_requests_total_bucket[5m])', 'refrain_requests_total_bucket'],
  ['sum by (le) (refrain_flights)', 'le'],
  ['up', 'no metric'],
])('a query such as %s would be found out', (query, flaw) => {
  expect(flawsOf(query)).toContain(flaw);
});

describe('every metric', () => {
  test.each([...METRICS.values()])('$name is named as Prometheus would have it', ({ name, type, help, labels }) => {
    expect(name).toMatch(/^refrain_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help.length).toBeGreaterThan(10);
    for (const label of labels) expect(label).toMatch(/^[a-z]+$/);
  });
});
