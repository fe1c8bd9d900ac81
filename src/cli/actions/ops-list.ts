/** `onvera ops list`: the operations, newest first. */
import type { Operation, Page } from "../api/resources.ts";
import { deploymentId } from "../find-deployment.ts";
import { type Invocation, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { age, elapsed } from "../output/elapsed.ts";
import { paintStatus } from "../output/paint.ts";
import { type Column, table } from "../output/table.ts";

/** Prints one page, filtered as asked. */
export async function run(invocation: Invocation): Promise<undefined> {
  const { io, output } = invocation;
  const api = invocation.api();
  const deployment = text(invocation, "deployment");
  const page = await api.call<Page<Operation>>("listOperations", {
    query: {
      status: text(invocation, "status"),
      type: text(invocation, "type"),
      resource_id: deployment === undefined ? undefined : await deploymentId(api, deployment),
      page: wholeNumber("--page", text(invocation, "page") ?? "1"),
      per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
    },
  });
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
  const { pagination } = page;
  if (page.items.length === 0) output.say("There are no such operations.");
  else if (pagination && pagination.page < pagination.pages) {
    output.say(
      `Page ${pagination.page} of ${pagination.pages} (${pagination.total} in all); more: --page ${pagination.page + 1}`,
    );
  }
  return undefined;
}

const took = ({ started_at, ended_at }: Operation, now: number): string =>
  started_at === null ? "" : elapsed((ended_at === null ? now : Date.parse(ended_at)) - Date.parse(started_at));
