/** What is said below a page of a list. */
import type { Pagination } from "../api/contract.ts";
import type { Output } from "./output.ts";

/** Says that there is nothing, or how to see more; silent where the page is the whole. */
export function sayPage(
  output: Output,
  { items, pagination }: { items: readonly unknown[]; pagination: Pagination },
  nothing: string,
): void {
  const { page, pages, total } = pagination;
  if (items.length === 0) output.say(nothing);
  else if (page < pages) output.say(`Page ${page} of ${pages} (${total} in all). More: --page ${page + 1}`);
}
