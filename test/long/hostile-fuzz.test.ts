import { test } from 'vitest';
import { survives } from '../hostile/trial.ts';

const seed = Date.now() % 2 ** 31;

test(`1,000,000 malformed requests, of the seed ${seed}, leave no trace in memory`, () =>
  survives({ seed, requests: 1_000_000, warmUp: 100_000, growth: 50e6 }));
