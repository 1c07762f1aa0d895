import { defineDialect, type SourceFile } from '../../dialect.ts';
import { membersOf, parseJson } from '../../json.ts';
import { ociRules } from '../../rules/oci/index.ts';
import { completeOci } from './complete.ts';
import { describeOci } from './describe.ts';
import { readOci } from './read.ts';

/** OCI runtime configurations: the `config.json` of a bundle, or a file of any other name that is written like it. */
export const oci = defineDialect({
  id: 'oci',
  recognises,
  read: readOci,
  rules: ociRules,
  complete: completeOci,
  describe: describeOci,
  // A runtime reads it as JSON, which has none.
  comment: undefined,
});

function recognises({ path, languageId, text }: SourceFile): boolean {
  const isJson = languageId === undefined ? path.endsWith('.json') : languageId === 'json' || languageId === 'jsonc';
  if (!isJson || !text.includes('"ociVersion"')) return false;
  const names = new Set(membersOf(parseJson(text)).map(({ name }) => name));
  // What a runtime says of a container, and gives its hooks, has the version too: runtime.md#state.
  return names.has('ociVersion') && !(names.has('status') && names.has('bundle'));
}
