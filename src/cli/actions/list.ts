/** `onvera list`: the deployments, one a line. */
import type { Deployment, Page } from "../api/resources.ts";
import { shownId } from "../find-deployment.ts";
import { type Invocation, isSet, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { age } from "../output/elapsed.ts";
import { paintStatus } from "../output/paint.ts";
import { type Column, table } from "../output/table.ts";

/** Prints all of them, or the page asked for. */
export async function run(invocation: Invocation): Promise<undefined> {
  const { output, io } = invocation;
  const page = await pageOf(invocation);
  const columns: Column<Deployment>[] = [
    { title: "ID", value: ({ id }) => shownId(id) },
    { title: "NAME", value: ({ name }) => name },
    { title: "APP", value: ({ app_type }) => app_type },
    { title: "STATUS", value: ({ status }) => status, paint: paintStatus },
    { title: "AGE", value: ({ created_at }) => age(io.now() - Date.parse(created_at)) },
    { title: "URL", value: ({ url }) => url ?? "" },
  ];
  output.data(page, {
    names: () => page.items.map(({ id }) => shownId(id)),
    table: (hasColor) => (page.items.length === 0 ? "" : table(columns, page.items, hasColor)),
  });
  if (page.items.length === 0) output.say("There are no deployments yet. Make one: onvera deploy superset");
  return undefined;
}

async function pageOf(invocation: Invocation): Promise<Page<Deployment>> {
  const api = invocation.api();
  const wanted = text(invocation, "page");
  const query = {
    per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? (wanted === undefined ? "100" : "50")),
    ...(isSet(invocation, "destroyed") ? { include: "destroyed" } : {}),
  };
  const first = await api.call<Page<Deployment>>("listDeployments", {
    query: { ...query, page: wanted === undefined ? 1 : wholeNumber("--page", wanted) },
  });
  if (wanted !== undefined) return first;
  const items = [...first.items];
  for (let page = 2; page <= (first.pagination?.pages ?? 1); page += 1) {
    items.push(...(await api.call<Page<Deployment>>("listDeployments", { query: { ...query, page } })).items);
  }
  return { items };
}
