import { defineDialect } from '../../dialect.ts';
import { documentStarts } from '../../yaml-documents.ts';
import { kubernetesRules } from '../../rules/kubernetes/index.ts';
import { isKubernetes } from '../recognise.ts';
import { completeKubernetes, describeKubernetes } from './assist.ts';
import { readKubernetes } from './read.ts';

export const kubernetes = defineDialect({
  id: 'kubernetes',
  recognises: isKubernetes,
  read: readKubernetes,
  pieces: documentStarts,
  rules: [],
  units: kubernetesRules,
  complete: completeKubernetes,
  describe: describeKubernetes,
  comment: '#',
});
