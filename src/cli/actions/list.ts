/** `onvera list`: the deployments, one a line. */
import type { Data, Deployment, Query } from "../api/contract.ts";
import { shownId } from "../find-deployment.ts";
import { choice, type Invocation, isSet, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { age } from "../output/elapsed.ts";
import { paintStatus } from "../output/paint.ts";
import { type Column, table } from "../output/table.ts";

type List = Pick<Data<"listDeployments">, "items"> & Partial<Data<"listDeployments">>;

/** Prints all of them, or the page asked for. */
export async function run(invocation: Invocation): Promise<undefined> {
  const { output, io } = invocation;
  const list = await deployments(invocation);
  const columns: Column<Deployment>[] = [
    { title: "ID", value: ({ id }) => shownId(id) },
    { title: "NAME", value: ({ name }) => name },
    { title: "APP", value: ({ app_type }) => app_type },
    { title: "STATUS", value: ({ status }) => status, paint: paintStatus },
    { title: "HEALTH", value: ({ health }) => health ?? "", paint: paintStatus },
    { title: "AGE", value: ({ created_at }) => age(io.now() - Date.parse(created_at)) },
    { title: "URL", value: ({ url }) => url ?? "" },
  ];
  output.data(list, {
    names: () => list.items.map(({ id }) => shownId(id)),
    table: (hasColor) => (list.items.length === 0 ? "" : table(columns, list.items, hasColor)),
  });
  if (list.items.length === 0) output.say("There are no deployments here. Make one: onvera deploy superset");
  return undefined;
}

async function deployments(invocation: Invocation): Promise<List> {
  const api = invocation.api();
  const wanted = text(invocation, "page");
  const perPage = text(invocation, "perPage");
  const query: Query<"listDeployments"> = {
    status: choice(invocation, "status"),
    app_type: choice(invocation, "app"),
    environment_id: text(invocation, "environment"),
    include: isSet(invocation, "destroyed") ? "destroyed" : undefined,
  };
  if (wanted !== undefined || perPage !== undefined) {
    const page = wholeNumber("--page", wanted ?? "1");
    return api.call("listDeployments", {
      query: { ...query, page, per_page: wholeNumber("--per-page", perPage ?? "50") },
    });
  }
  const items: Deployment[] = [];
  for (let page = 1; ; page += 1) {
    const { items: more, pagination } = await api.call("listDeployments", { query: { ...query, page, per_page: 100 } });
    items.push(...more);
    if (page >= pagination.pages) return { items };
  }
}
