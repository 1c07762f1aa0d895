/** Every cause that is known. Where two are equally certain, the one that stands first here is named first. */
import type { Rule } from '../types.ts';
import { createRules } from './create.ts';
import { invalidRules } from './invalid.ts';
import { joinRules } from './joins.ts';
import { mapperRules } from './mappers.ts';
import { mapRules } from './maps.ts';
import { mountRules } from './mounts.ts';
import { spaceRules } from './space.ts';

export const rules: readonly Rule[] = [
  ...spaceRules,
  ...mapRules,
  ...mapperRules,
  ...createRules,
  ...mountRules,
  ...invalidRules,
  ...joinRules,
];
