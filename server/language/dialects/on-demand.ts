import type { Dialect } from '../dialect.ts';
import type { DialectId } from '../protocol.ts';

/** What a dialect is made of, which the server loads with the first file of its kind. */
export const loadDialect: Readonly<Record<DialectId, () => Promise<Dialect>>> = {
  devcontainer: async () => (await import('./devcontainer.ts')).devcontainer,
  oci: async () => (await import('./oci/index.ts')).oci,
  compose: async () => (await import('./compose/index.ts')).compose,
  kubernetes: async () => (await import('./kubernetes/index.ts')).kubernetes,
  systemd: async () => (await import('./systemd.ts')).systemd,
  shell: async () => (await import('./shell.ts')).shell,
};
