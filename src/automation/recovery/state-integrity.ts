/** Whether a stack's stored state is whole: what a cut-off, overwritten or half-restored row looks like. Pure. */
import { z } from "zod";

const Resource = z.object({
  urn: z.string().startsWith("urn:pulumi:"),
  type: z.string().min(1),
  custom: z.boolean().optional(),
  delete: z.boolean().optional(),
  id: z.string().optional(),
  parent: z.string().optional(),
  provider: z.string().optional(),
  dependencies: z.array(z.string()).nullish(),
});

const Stored = z.object({
  version: z.number().int(),
  checkpoint: z.object({
    stack: z.string().min(1),
    latest: z.object({ resources: z.array(Resource).nullish() }).nullish(),
  }),
});

/** A state row's `data` column. */
const Row = z.object({ data: z.string() });

/** The text of a state row. @throws Error when the row is none of the CLI's */
export function stateText(row: unknown): string {
  return Buffer.from(Row.parse(row).data, "base64").toString("utf8");
}

/**
 * What is wrong with a stored state.
 * @param row the `data` column, as JSON
 * @param stackName whose state it has to be
 * @returns undefined when it is whole
 */
export function stateFault(row: unknown, stackName: string): string | undefined {
  let content: unknown;
  try {
    content = JSON.parse(stateText(row));
  } catch {
    return "it is cut off or overwritten";
  }
  const stored = Stored.safeParse(content);
  if (!stored.success) {
    const [issue] = stored.error.issues;
    return `it is not a state: ${issue?.path.join(".") || "its root"}: ${issue?.message}`;
  }
  const { stack, latest } = stored.data.checkpoint;
  // `organization/project/stack`
  if (stack.split("/").at(-1) !== stackName) return `it is the state of ${stack}`;
  return referenceFault(latest?.resources ?? []);
}

/** The engine writes resources in an order in which each comes after what it needs; the same rule it checks itself. */
function referenceFault(resources: readonly z.infer<typeof Resource>[]): string | undefined {
  const seen = new Set<string>();
  for (const { urn, custom, id, parent, provider, dependencies, delete: pendingDelete } of resources) {
    if (custom === true && (id ?? "") === "") return `${urn} has no id`;
    // A provider is named by `urn::id`.
    const providerUrn = provider?.slice(0, provider.lastIndexOf("::"));
    for (const needed of [parent, providerUrn, ...(dependencies ?? [])]) {
      if (needed !== undefined && needed !== "" && !seen.has(needed)) return `${urn} needs ${needed}, which is missing`;
    }
    if (seen.has(urn) && pendingDelete !== true) return `${urn} stands in it twice`;
    seen.add(urn);
  }
  return undefined;
}
