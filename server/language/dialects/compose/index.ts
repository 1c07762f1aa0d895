import { composeRules, serviceRules } from '../../rules/compose/index.ts';
import { defineDialect } from '../../dialect.ts';
import { isCompose } from '../recognise.ts';
import { completeCompose, describeCompose } from './assist.ts';
import { readCompose } from './read.ts';

export const compose = defineDialect({
  id: 'compose',
  recognises: isCompose,
  read: readCompose,
  rules: composeRules,
  units: serviceRules,
  complete: completeCompose,
  describe: describeCompose,
  comment: '#',
});
