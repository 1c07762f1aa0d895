/** `foo.service`, or a file of `foo.service.d` or `service.d`. */
export const unitPath =
  /(?:^|\/)([^/]*\.(service|socket|mount|swap|nspawn)|(?:([^/]*)\.)?(service|socket|mount|swap)\.d\/[^/]*\.conf)$/;

export function isUnitPath(path: string): boolean {
  return unitPath.test(path);
}
