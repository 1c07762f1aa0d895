import { kubernetes } from '../../../server/language/dialects/kubernetes/index.ts';
import { testRules } from '../support/judging.ts';
import { namespaceCases } from './namespace-cases.ts';
import { structureCases } from './structure-cases.ts';

testRules(kubernetes, { ...structureCases, ...namespaceCases });
