/** The link to a page of the Linux manual, such as namespaces(7). */
export function manual(page: string, section: number): string {
  return `https://man7.org/linux/man-pages/man${section}/${page}.${section}.html`;
}
