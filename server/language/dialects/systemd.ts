import { LateDeclared } from '../declared.ts';
import { defineDialect } from '../dialect.ts';
import { assignmentRules, systemdRules } from '../rules/systemd/index.ts';
import { completeUnit } from './systemd/complete.ts';
import { isUnit } from './recognise.ts';
import { workloadsOf } from './systemd/declare.ts';
import { describeUnit } from './systemd/describe.ts';
import { unitOf, type UnitDocument } from './systemd/unit.ts';

export const systemd = defineDialect<UnitDocument>({
  id: 'systemd',
  recognises: isUnit,
  read,
  rules: systemdRules,
  units: assignmentRules,
  complete: completeUnit,
  describe: describeUnit,
  comment: '#',
});

function read(text: string, path: string): UnitDocument {
  const unit = unitOf(text, path);
  return Object.assign(new LateDeclared(() => workloadsOf(unit)), unit);
}
