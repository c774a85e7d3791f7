import { refusedGetNoHits } from '../scenario/revocations.ts';

refusedGetNoHits({ steps: 5_000, seed: Date.now() % 2 ** 31 });
