import { defineDialect } from '../../dialect.ts';
import type { SourceFile } from '../../dialect.ts';
import { kubernetesRules } from '../../rules/kubernetes/index.ts';
import { completeKubernetes, describeKubernetes } from './assist.ts';
import { looksLikeKubernetes } from './kinds.ts';
import { readKubernetes } from './read.ts';

const languages = ['yaml', 'json', 'jsonc', 'kubernetes'];

export const kubernetes = defineDialect({
  id: 'kubernetes',
  recognises: ({ path, languageId, text }: SourceFile) =>
    (/\.(?:ya?ml|json)$/i.test(path) || (languageId !== undefined && languages.includes(languageId))) &&
    looksLikeKubernetes(text),
  read: readKubernetes,
  rules: kubernetesRules,
  complete: completeKubernetes,
  describe: describeKubernetes,
  comment: '#',
});
