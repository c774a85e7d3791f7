import { mayJoinAnywhere } from './joins.ts';

mayJoinAnywhere({ joins: 60, seed: 3 });
