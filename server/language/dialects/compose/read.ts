import { LateDeclared } from '../../declared.ts';
import { asMap, eachEntry, entriesOf, entryOf, isNull, readYaml, textOf } from '../../yaml.ts';
import type { YamlDocument, YamlEntry, YamlMap } from '../../yaml.ts';
import { Fields, Service, type ComposeDocument } from './model.ts';
import { workloadsOf } from './workloads.ts';

/** Fields that all services of a file may have together: merge keys could make a small file a large one. */
const mostFields = 200_000;
/** Services that may stand on each other with `extends`. */
const longestChain = 32;

interface Written {
  readonly entry: YamlEntry;
  readonly maps: YamlMap[];
}

export function readCompose(text: string): ComposeDocument {
  const documents = readYaml(text);
  const services = servicesOf(documents);
  return Object.assign(new LateDeclared(() => workloadsOf(services)), {
    text,
    documents,
    services,
    byName: new Map(services.map((service) => [service.name, service])),
    networks: new Map(documents.flatMap(({ root }) => [...entriesOf(entryOf(root, 'networks')?.value)])),
    includes: documents.some(({ root }) => entryOf(root, 'include') !== undefined),
  });
}

function servicesOf(documents: readonly YamlDocument[]): Service[] {
  const written = new Map<string, Written>();
  for (const { root } of documents) {
    for (const [name, entry] of entriesOf(entryOf(root, 'services')?.value)) {
      const map = asMap(entry.value);
      if (map === undefined || name === '') continue;
      const known = written.get(name);
      if (known === undefined) written.set(name, { entry, maps: [map] });
      else known.maps.push(map);
    }
  }
  let left = mostFields;
  const services: Service[] = [];
  for (const { entry, maps } of written.values()) {
    const chain = chainOf(maps, written);
    const fields: YamlMap[] = [];
    for (const map of chain.maps) {
      for (const _ of eachEntry(map)) left -= 1;
      if (left < 0) break;
      fields.push(map);
    }
    services.push(new Service(entry, maps, chain.complete, new Fields(fields)));
  }
  return services;
}

/** What a service is made of, its base first. */
function chainOf(
  own: readonly YamlMap[],
  written: ReadonlyMap<string, Written>,
): { readonly maps: readonly YamlMap[]; readonly complete: boolean } {
  if (own.every((map) => entryOf(map, 'extends') === undefined)) return { maps: own, complete: true };
  const maps = [...own];
  const seen = new Set<Written>();
  let complete = true;
  let at: readonly YamlMap[] = own;
  while (seen.size < longestChain) {
    const base = at.map((map) => entryOf(map, 'extends')?.value).findLast((node) => node !== undefined);
    if (base === undefined || isNull(base)) return { maps, complete };
    const [name, file] = [textOf(base) ?? textOf(entryOf(base, 'service')?.value), entryOf(base, 'file')];
    const target = file === undefined && name !== undefined ? written.get(name) : undefined;
    if (target === undefined || seen.has(target)) {
      complete = false;
      break;
    }
    seen.add(target);
    maps.unshift(...target.maps);
    at = target.maps;
  }
  return { maps, complete };
}
