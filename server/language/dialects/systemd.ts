import { defineDialect, type SourceFile } from '../dialect.ts';
import { systemdRules } from '../rules/systemd/index.ts';
import { completeUnit } from './systemd/complete.ts';
import { workloadsOf } from './systemd/declare.ts';
import { describeUnit } from './systemd/describe.ts';
import { isUnitPath, unitOf, type UnitDocument } from './systemd/unit.ts';

export const systemd = defineDialect<UnitDocument>({
  id: 'systemd',
  recognises,
  read,
  rules: systemdRules,
  complete: completeUnit,
  describe: describeUnit,
  comment: '#',
});

/** Services of D-Bus and of Avahi have the same ending. */
function recognises({ path, text }: SourceFile): boolean {
  return isUnitPath(path) && !/^\s*(?:<|\[D-BUS Service\])/.test(text);
}

function read(text: string, path: string): UnitDocument {
  const unit = unitOf(text, path);
  return { ...unit, workloads: workloadsOf(unit) };
}
