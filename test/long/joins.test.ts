import { mayJoinAnywhere } from '../scenario/joins.ts';

mayJoinAnywhere({ joins: 1_000, seed: Date.now() % 2 ** 31 });
