import { surviveTheCrowd } from './crowd.ts';

surviveTheCrowd({ idle: 400 });
