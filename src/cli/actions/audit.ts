/** `onvera audit`: list, export and verify who did what. */
import { exitCodes } from "../exit-codes.ts";
import { choice, type Invocation, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { safeLine } from "../output/safe-text.ts";
import { showList } from "../output/show.ts";

const filters = (invocation: Invocation) => ({
  from: text(invocation, "from"),
  to: text(invocation, "to"),
  actor_id: text(invocation, "actor"),
  action: text(invocation, "action"),
  target_id: text(invocation, "target"),
});

export async function list(invocation: Invocation): Promise<undefined> {
  const page = await invocation.api().call("listAuditEvents", {
    query: {
      ...filters(invocation),
      page: wholeNumber("--page", text(invocation, "page") ?? "1"),
      per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
    },
  });
  showList(invocation, page, {
    columns: [
      { title: "AT", value: ({ at }) => at },
      { title: "ACTOR", value: ({ actor }) => `${actor.name} (${actor.kind})` },
      { title: "ACTION", value: ({ action }) => action },
      { title: "TARGET", value: ({ target_id, target_type }) => target_id ?? target_type ?? "" },
      { title: "OUTCOME", value: ({ outcome }) => outcome },
      { title: "BY WAY OF", value: ({ origin }) => origin },
    ],
    name: ({ id }) => String(id),
    nothing: "There are no such events.",
  });
  return undefined;
}

/** Prints the file as it comes; a cut connection ends the command with an error, so that no half file passes for a whole. */
export async function exportLog(invocation: Invocation): Promise<undefined> {
  const format = choice<"jsonl" | "csv">(invocation, "format");
  const answer = await invocation.api().open("exportAuditEvents", { query: { ...filters(invocation), format } });
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) invocation.io.out(decoder.decode(chunk, { stream: true }));
  return undefined;
}

/** Exit code 1 when something is wrong, so that a nightly job can ask. */
export async function verify(invocation: Invocation): Promise<number> {
  const found = await invocation.api().call("verifyAuditLog", { query: { noted: text(invocation, "noted") } });
  invocation.output.data(found, {
    names: () => found.chains.flatMap(({ head }) => head ?? []),
    table: () =>
      found.chains
        .flatMap(({ chain, ok, events, head, fault_count, faults }) => [
          `The audit log of the ${chain} ${ok ? "is whole" : "IS NOT WHOLE"}: ${events} events, head ${head ?? "none"}`,
          ...faults.map(({ message }) => `  ${safeLine(message)}`),
          ...(fault_count > faults.length ? [`  and ${fault_count - faults.length} more`] : []),
        ])
        .map((line) => `${line}\n`)
        .join(""),
  });
  return found.ok ? exitCodes.ok : exitCodes.failed;
}
