import { availableParallelism } from 'node:os';
import { describe } from 'vitest';
import { FLEETS } from '../fleet-model/play.ts';
import { holdInAnyOrder } from '../flight/schedules.ts';

describe('whatever goes wrong among nodes, everybody is served once, and nothing that was purged:', () =>
  holdInAnyOrder({ first: 1_000_001, count: 1_000_000 }, availableParallelism(), FLEETS));
