import { holdNothingUp } from '../size/held.ts';

holdNothingUp({ bytes: 1_048_576, attempts: 20, tell: console.log });
holdNothingUp({ bytes: 12 * 1_048_576, attempts: 20, tell: console.log });
