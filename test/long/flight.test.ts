import { availableParallelism } from 'node:os';
import { describe } from 'vitest';
import { holdInAnyOrder } from '../flight/schedules.ts';

describe('whatever comes in whichever order, everybody is served once and nothing remains:', () =>
  holdInAnyOrder({ first: 1_000_001, count: 1_000_000 }, availableParallelism()));
