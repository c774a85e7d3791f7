import { holdNothingUp } from './held.ts';

holdNothingUp({ bytes: 300_000, attempts: 20 });
