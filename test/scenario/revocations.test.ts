import { refusedGetNoHits } from './revocations.ts';

refusedGetNoHits({ steps: 200, seed: 34 });
