import { tooltipOf } from '../../model/rows.ts';
import type { Finding } from '../../model/findings/types.ts';
import { isStale } from '../host-words.ts';
import { explainFindings, hostTotals, totals } from '../live-diagnostics/finding-store.ts';
import type { FindingStore } from '../live-diagnostics/finding-store.ts';
import type { HostBranch } from './branch.ts';
import type { TreeElement } from './element.ts';
import { graphItem } from './items/graph-items.ts';
import { explainHost, hostItem, noteItem } from './items/host-item.ts';
import { abilityItem, readinessItem, readinessTooltip } from './items/readiness-items.ts';
import { listeningItem, listeningTooltip, socketItem, socketTooltip } from './items/socket-items.ts';
import { instancesItem, instancesTooltip } from './items/instances-item.ts';
import { joined } from './items/spec.ts';
import type { ItemSpec } from './items/spec.ts';
import { mountsItem, mountsTooltip } from './mounts/mount-rows.ts';

export function itemOf(branch: HostBranch, element: TreeElement, findings?: FindingStore): ItemSpec {
  const item = plainItem(branch, element);
  if (findings === undefined) return item;
  const found = findingsOf(findings, element);
  const [gravest] = found;
  if (gravest === undefined || item.stale) return item;
  const base = { ...item, context: [...item.context, 'problems'] };
  if (element.ref.kind === 'root') {
    const counted = hostTotals(found);
    return {
      ...base,
      description: joined([counted, item.description], ' · '),
      accessibleLabel: joined([item.accessibleLabel, counted], ', '),
    };
  }
  const words = totals(found);
  return {
    ...base,
    accessibleLabel: `${item.accessibleLabel}, ${words}`,
    problems: { severity: gravest.severity, words },
  };
}

/** Of a host's row, all that was found on the host. */
function findingsOf(findings: FindingStore, { host, ref }: TreeElement): readonly Finding[] {
  if (ref.kind === 'root') return findings.all(host);
  const known = ref.kind === 'namespace' || ref.kind === 'process' || ref.kind === 'workload';
  return known ? findings.of(host, ref) : [];
}

function plainItem(branch: HostBranch, element: TreeElement): ItemSpec {
  const { ref } = element;
  const { host, view } = branch;
  if (ref.kind === 'root') return hostItem(host);
  if (ref.kind === 'note') return noteItem(host, ref.note);
  if (ref.kind === 'instances') return instancesItem(branch.instances.length, isStale(host));
  if (ref.kind === 'readiness') return readinessItem;
  if (ref.kind === 'ability') return abilityItem(ref.row);
  if (ref.kind === 'mounts') return mountsItem;
  if (ref.kind === 'mount') return ref.row.item;
  if (ref.kind === 'listening') return listeningItem(isStale(host));
  if (ref.kind === 'socket') return socketItem(ref.row, isStale(host));
  const item = view && graphItem(ref, { view, stale: isStale(host), folding: foldingOf(branch, element) });
  return item ?? gone;
}

function foldingOf(branch: HostBranch, element: TreeElement): ItemSpec['folding'] {
  if (!branch.hasChildren(element)) return 'none';
  return branch.beginsUnfolded(element) ? 'open' : 'closed';
}

/** The editor asks for rows a moment after they went; the row above is shown anew right after. */
const gone: ItemSpec = {
  label: 'gone',
  icon: { kind: 'codicon', id: 'blank' },
  context: [],
  accessibleLabel: 'gone',
  folding: 'none',
  stale: false,
};

/** Words for a tooltip, in paragraphs. */
export function explain(branch: HostBranch, element: TreeElement, findings?: FindingStore): string | undefined {
  const { host, ref } = element;
  const words = plainWords(branch, element);
  if (findings === undefined || isStale(host)) return words;
  const found = ref.kind === 'root' ? findings.of(host, { kind: 'host' }) : findingsOf(findings, element);
  const sum = ref.kind === 'root' ? totals(findings.all(host)) : '';
  return joined([words, sum === '' ? undefined : `Found on it: ${sum}.`, ...explainFindings(found)], '\n\n');
}

function plainWords(branch: HostBranch, element: TreeElement): string | undefined {
  const { ref } = element;
  const { host, view } = branch;
  if (ref.kind === 'root') return explainHost(host);
  if (ref.kind === 'note') {
    const { label, description } = noteItem(host, ref.note);
    return description === undefined ? label : `${label}\n\n${description}`;
  }
  if (ref.kind === 'instances') return instancesTooltip;
  if (ref.kind === 'readiness') return readinessTooltip;
  if (ref.kind === 'listening') return listeningTooltip;
  if (ref.kind === 'socket') return socketTooltip(ref.row);
  if (ref.kind === 'ability') return ref.row.details.join('\n\n');
  if (ref.kind === 'mounts') return mountsTooltip;
  if (ref.kind === 'mount') return ref.row.tooltip;
  return view && tooltipOf(view, ref);
}
