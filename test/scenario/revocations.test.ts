import { refusedGetNoHits } from './revocations.ts';

refusedGetNoHits({ steps: 400, seed: 34 });
