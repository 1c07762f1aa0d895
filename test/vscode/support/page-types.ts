/**
 * The little of the DOM that functions use which run inside the page. TypeScript's whole `dom` library would put its
 * globals (`Event`, `name`, `close`…) into the scope of every file of the project.
 */
export interface PageElement {
  readonly textContent: string | null;
  readonly clientHeight: number;
  readonly classList: { contains(name: string): boolean };
  getAttribute(name: string): string | null;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  dispatchEvent(event: object): boolean;
  getBoundingClientRect(): { readonly top: number; readonly bottom: number };
}
