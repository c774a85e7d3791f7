import { expect, test } from 'vitest';
import { AdmissionControl } from '../../src/cache/admission-control.ts';
import { createTestClock } from '../harness/clock.ts';

const LIMITS = { flights: 10, listeners: 10, bytes: 1_000 };

test('a heap that is nearly full admits no further call, and does again once it is not', () => {
  const clock = createTestClock();
  let used = 0.91;
  const admission = new AdmissionControl(LIMITS, clock, () => used);
  admission.admitFlight();
  used = 0.95;
  clock.advance(1_000);
  expect(() => admission.admitFlight()).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }));
  admission.admitReader();
  used = 0.5;
  clock.advance(1_000);
  admission.admitFlight();
});

test('the heap is looked at once a second', () => {
  const clock = createTestClock();
  let looks = 0;
  const heapUse = () => {
    looks += 1;
    return 0;
  };
  const admission = new AdmissionControl(LIMITS, clock, heapUse);
  for (let index = 0; index < 100; index++) admission.admitFlight();
  clock.advance(999);
  admission.admitFlight();
  expect(looks).toBe(1);
});
