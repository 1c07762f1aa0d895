import { entriesOf, itemsOf, textOf } from '../../yaml.ts';
import type { Service } from './model.ts';

/** The services that must be there before this one. */
export function dependenciesOf(service: Service): string[] {
  const names: string[] = [];
  for (const { value } of service.fields.get('depends_on') ?? []) {
    names.push(...entriesOf(value).keys());
    for (const item of itemsOf(value)) names.push(textOf(item) ?? '');
  }
  for (const key of ['links', 'volumes_from']) {
    for (const { value } of service.fields.get(key) ?? []) {
      for (const item of itemsOf(value)) {
        const [name = ''] = (textOf(item) ?? '').split(':');
        if (name !== 'container') names.push(name);
      }
    }
  }
  return names;
}
