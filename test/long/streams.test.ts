import { streamToAll } from '../size/streams.ts';

streamToAll({ clients: 10_000, tell: console.log });
