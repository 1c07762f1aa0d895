/** The type in a record that a host has sent. */
import { fail, type Fields } from './checks.ts';
import { namespaceTypes, type NamespaceType } from './protocol.ts';

export function isNamespaceType(value: unknown): value is NamespaceType {
  return namespaceTypes.some((type) => type === value);
}

export function namespaceType(from: Fields): NamespaceType {
  const value = from['type'];
  return isNamespaceType(value) ? value : fail('type is not a namespace type');
}
