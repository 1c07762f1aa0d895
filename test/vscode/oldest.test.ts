import { suite } from './suite/index.ts';

suite('oldest');
