import { describe } from 'vitest';
import { holdInAnyOrder } from './schedules.ts';

describe('whatever comes in whichever order, everybody is served once and nothing remains:', () =>
  holdInAnyOrder({ first: 1, count: 10_000 }));
