// The status page: part of the bundle, or made of src/page/ when it is asked for first, where sluice runs from its sources.

import { hostname } from "node:os";
import { noPage, type Page, type PageSource } from "./api/page.ts";

/** In a bundle: the page that scripts/bundles.ts put there. */
declare const SLUICE_PAGE: Page;
/** In a bundle: true. */
declare const SLUICE_IS_BUNDLE: boolean;

/** `life`: different for each life of a sluice. */
export function createPageSource(life: string): PageSource {
  let page: Page | undefined = typeof SLUICE_IS_BUNDLE === "undefined" ? undefined : SLUICE_PAGE;

  async function compose(): Promise<Page> {
    // esbuild finds that this is never so in a bundle, and leaves itself out of it.
    if (typeof SLUICE_IS_BUNDLE === "undefined") {
      try {
        const { composePage } = await import("./page/compose.ts");
        page = await composePage();
        return page;
      } catch (error) {
        throw noPage(error);
      }
    }
    return SLUICE_PAGE;
  }

  return {
    get id() {
      return page?.id;
    },
    read: async () => page ?? (await compose()),
    life,
    host: hostname(),
  };
}
