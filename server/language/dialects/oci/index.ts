import { defineDialect } from '../../dialect.ts';
import { ociRules } from '../../rules/oci/index.ts';
import { isOci } from '../recognise.ts';
import { completeOci } from './complete.ts';
import { describeOci } from './describe.ts';
import { readOci } from './read.ts';

/** OCI runtime configurations. */
export const oci = defineDialect({
  id: 'oci',
  recognises: isOci,
  read: readOci,
  rules: ociRules,
  complete: completeOci,
  describe: describeOci,
  // A runtime reads it as JSON, which has none.
  comment: undefined,
});
