import { streamToAll } from './streams.ts';

streamToAll({ clients: 500 });
