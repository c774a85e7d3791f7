import { describe } from 'vitest';
import { holdInAnyOrder } from '../flight/schedules.ts';
import { FLEETS } from './play.ts';

describe('whatever goes wrong among nodes, everybody is served once, and nothing that was purged:', () =>
  holdInAnyOrder({ first: 1, count: 10_000 }, 1, FLEETS));
