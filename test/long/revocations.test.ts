import { refusedGetNoHits } from '../scenario/revocations.ts';

refusedGetNoHits({ steps: 20_000, seed: Date.now() % 2 ** 31 });
