/** `onvera clusters check` and `manifest`: what a cluster lacks, and what to install on it. */
import { clusterManifest } from "../../domain/cluster-permissions.ts";
import type { Data } from "../api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation, text } from "../invocation.ts";
import { paintStatus } from "../output/paint.ts";
import { safeLine } from "../output/safe-text.ts";
import { type Column, table } from "../output/table.ts";

type Check = Data<"checkCluster">;

export async function check(invocation: Invocation): Promise<number> {
  invocation.output.say("This may take two minutes: pods are started for it.");
  const path = { cluster_id: argument(invocation, 0) };
  return showCheck(invocation, await invocation.api().call("checkCluster", { path }));
}

/** Each form of it can be given to `kubectl apply -f -`. */
export async function manifest(invocation: Invocation): Promise<undefined> {
  const { stringify } = await import("yaml");
  const objects = clusterManifest(text(invocation, "namespace") ?? "onvera-system");
  invocation.output.data(
    { apiVersion: "v1", kind: "List", items: objects },
    {
      names: () => [],
      table: () => objects.map((object) => stringify(object)).join("---\n"),
    },
  );
  return undefined;
}

/** Shows a report. @returns the exit code */
export function showCheck({ output }: Invocation, report: Check): number {
  output.data(report, {
    names: () => report.findings.filter(({ result }) => result === "missing").map(({ check: name }) => name),
    table: (hasColor) => `${table(columns, report.findings, hasColor)}${advice(report)}`,
  });
  return report.fit ? exitCodes.ok : exitCodes.failed;
}

type Finding = Check["findings"][number];

const columns: readonly Column<Finding>[] = [
  { title: "CHECK", value: ({ check: name }) => name.replaceAll("_", " ") },
  { title: "RESULT", value: ({ result }) => result, paint: paintStatus },
  { title: "DETAIL", value: ({ detail }) => detail },
];

/** Below the table: what is missing one by one, and what to do. */
function advice({ findings, fit }: Check): string {
  const open = findings.filter(({ result, next_step: next }) => result !== "ok" && next !== null);
  const lines = open.flatMap(({ check: name, items, next_step: next }) => [
    `${name.replaceAll("_", " ")}: ${next}`,
    ...items.map((item) => `  ${item}`),
  ]);
  return safeLine(
    `\n${[...lines, fit ? "The cluster is fit for deployments." : "Something is missing."].join("\n")}\n`,
  );
}
