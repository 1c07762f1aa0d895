import type { Dialect, DialectDefinition, SourceFile } from '../dialect.ts';
import type { Declared } from '../declared.ts';
import { isCompose, isDevcontainer, isKubernetes, isOci, isShell, isUnit } from './recognise.ts';

/** A dialect by what need be known of it until a file of its kind is opened. */
export interface DialectOnDemand extends Pick<DialectDefinition<Declared>, 'id' | 'recognises'> {
  readonly load: () => Promise<Dialect>;
}

/** The same as `dialects`, in the same order. */
const onDemand: readonly DialectOnDemand[] = [
  {
    id: 'devcontainer',
    recognises: isDevcontainer,
    load: async () => (await import('./devcontainer.ts')).devcontainer,
  },
  { id: 'oci', recognises: isOci, load: async () => (await import('./oci/index.ts')).oci },
  { id: 'compose', recognises: isCompose, load: async () => (await import('./compose/index.ts')).compose },
  { id: 'kubernetes', recognises: isKubernetes, load: async () => (await import('./kubernetes/index.ts')).kubernetes },
  { id: 'systemd', recognises: isUnit, load: async () => (await import('./systemd.ts')).systemd },
  { id: 'shell', recognises: isShell, load: async () => (await import('./shell.ts')).shell },
];

/** The first that recognises a file reads it; undefined for what is of none of the kinds. */
export function dialectFor(file: SourceFile): DialectOnDemand | undefined {
  return onDemand.find(({ recognises }) => recognises(file));
}
