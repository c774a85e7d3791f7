import { test } from 'vitest';
import { survives } from './trial.ts';

test(
  '5,000 malformed requests and as many broken replies end nothing but themselves',
  () => survives({ seed: 20_260_728, requests: 5_000, warmUp: 2_500, growth: 200e6 }),
  120_000,
);
