/** `onvera ops list`: the operations, newest first. */
import type { Data, Operation } from "../api/contract.ts";
import { deploymentId } from "../find-deployment.ts";
import { choice, type Invocation, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { age, elapsed } from "../output/elapsed.ts";
import { sayPage } from "../output/pages.ts";
import { paintStatus } from "../output/paint.ts";
import { type Column, table } from "../output/table.ts";

/** Prints one page, filtered as asked. */
export async function run(invocation: Invocation): Promise<undefined> {
  const { io, output } = invocation;
  const page = await operations(invocation);
  const columns: Column<Operation>[] = [
    { title: "ID", value: ({ id }) => id },
    { title: "TYPE", value: ({ type }) => type },
    { title: "STATUS", value: ({ status }) => status, paint: paintStatus },
    { title: "PHASE", value: ({ progress }) => progress.phase },
    { title: "RESOURCE", value: ({ resource_id }) => resource_id },
    { title: "AGE", value: ({ requested_at }) => age(io.now() - Date.parse(requested_at)) },
    { title: "TOOK", value: (operation) => took(operation, io.now()) },
  ];
  output.data(page, {
    names: () => page.items.map(({ id }) => id),
    table: (hasColor) => (page.items.length === 0 ? "" : table(columns, page.items, hasColor)),
  });
  sayPage(output, page, "There are no such operations.");
  return undefined;
}

async function operations(invocation: Invocation): Promise<Data<"listOperations">> {
  const api = invocation.api();
  const deployment = text(invocation, "deployment");
  const query = {
    status: choice<Operation["status"]>(invocation, "status"),
    type: choice<Operation["type"]>(invocation, "type"),
    page: wholeNumber("--page", text(invocation, "page") ?? "1"),
    per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
  };
  if (deployment === undefined) return api.call("listOperations", { query });
  const id = await deploymentId(api, deployment);
  return api.call("listDeploymentOperations", { path: { deployment_id: id }, query });
}

const took = ({ started_at, ended_at }: Operation, now: number): string =>
  started_at === null ? "" : elapsed((ended_at === null ? now : Date.parse(ended_at)) - Date.parse(started_at));
