import { desyncNobody } from '../hostile/desync.ts';

desyncNobody();
