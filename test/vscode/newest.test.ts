import { suite } from './suite/index.ts';

suite('newest');
