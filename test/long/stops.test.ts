import { stopInGoodOrder } from '../process/stop-trials.ts';

stopInGoodOrder({ readers: 5, purges: 30, tell: console.log });
