import { composeRules } from '../../rules/compose/index.ts';
import { defineDialect, type SourceFile } from '../../dialect.ts';
import { completeCompose, describeCompose } from './assist.ts';
import { readCompose } from './read.ts';

/** As the Compose command looks for them, with what people add for a second file or another environment. */
const fileName = /^(?:(?:docker|podman)-)?compose(?:[.\-_].*)?\.ya?ml$/i;

function recognises({ path, languageId }: SourceFile): boolean {
  return languageId === 'dockercompose' || fileName.test(path.slice(path.lastIndexOf('/') + 1));
}

export const compose = defineDialect({
  id: 'compose',
  recognises,
  read: readCompose,
  rules: composeRules,
  complete: completeCompose,
  describe: describeCompose,
  comment: '#',
});
