import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArrivalTimes, decodeArrivals } from '../../src/response/arrival-times.ts';

describe('arrival times', () => {
  test('are what was seen, in about a byte for each event', () => {
    const arrivals = new ArrivalTimes();
    for (let event = 1; event <= 1_000; event += 1) arrivals.saw(event, 300 + event * 20);
    const encoded = arrivals.encode() ?? '';
    expect(decodeArrivals(encoded)).toEqual(Array.from({ length: 1_000 }, (_, at) => 300 + (at + 1) * 20));
    expect(Buffer.from(encoded, 'base64').length).toBe(1_001);
  });

  test('are any, several at a time, and never go back', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.integer({ min: -1_000, max: 10_000_000 })));
    fc.assert(
      fc.property(steps, (taken) => {
        const arrivals = new ArrivalTimes();
        const expected: number[] = [];
        let [now, last] = [0, 0];
        for (const [events, ms] of taken) {
          now += ms;
          arrivals.saw(expected.length + events, now);
          if (events > 0) last = Math.max(last, now);
          for (let event = 0; event < events; event += 1) expected.push(last);
        }
        expect(decodeArrivals(arrivals.encode() ?? '')).toEqual(expected);
      }),
    );
  });

  test('are none of what has no events, or more than are counted', () => {
    const arrivals = new ArrivalTimes();
    expect(arrivals.encode()).toBeNull();
    arrivals.saw(20_000, 5);
    expect(decodeArrivals(arrivals.encode() ?? '').length).toBe(20_000);
    arrivals.saw(20_001, 6);
    arrivals.saw(1e9, 7);
    expect(arrivals.encode()).toBeNull();
  });
});
