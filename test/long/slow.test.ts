import { surviveTheSlow } from '../size/slow.ts';

surviveTheSlow({ each: 5_000, untilTheyEnd: true, tell: console.log });
