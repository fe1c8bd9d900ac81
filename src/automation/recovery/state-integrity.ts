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
  inputs: z.record(z.string(), z.unknown()).optional(),
});
export type StateResource = z.infer<typeof Resource>;

const Pending = z.object({ resource: Resource, type: z.string() });

const Stored = z.object({
  version: z.number().int(),
  checkpoint: z.object({
    stack: z.string().min(1),
    latest: z
      .object({ resources: z.array(Resource).nullish(), pending_operations: z.array(Pending).nullish() })
      .nullish(),
  }),
});

export interface StackState {
  resources: StateResource[];
  /** Steps that had begun when the engine was killed. */
  pending: { resource: StateResource; type: string }[];
}

/** The `data` column of every row the CLI's backend writes. */
const Row = z.object({ data: z.string() });

/** The content of such a row. @throws Error when the row is none of the CLI's, or cut off */
export const rowContent = (row: unknown): unknown =>
  JSON.parse(Buffer.from(Row.parse(row).data, "base64").toString("utf8"));

/**
 * Opens a stored state.
 * @param row the `data` column, as JSON
 * @param stackName whose state it has to be
 * @returns the state, or what is wrong with it
 */
export function openState(
  row: unknown,
  stackName: string,
): { state: StackState; fault?: never } | { state?: never; fault: string } {
  let content: unknown;
  try {
    content = rowContent(row);
  } catch {
    return { fault: "it is cut off or overwritten" };
  }
  const stored = Stored.safeParse(content);
  if (!stored.success) {
    const [issue] = stored.error.issues;
    return { fault: `it is not a state: ${issue?.path.join(".") || "its root"}: ${issue?.message}` };
  }
  const { stack, latest } = stored.data.checkpoint;
  // `organization/project/stack`
  if (stack.split("/").at(-1) !== stackName) return { fault: `it is the state of ${stack}` };
  const resources = latest?.resources ?? [];
  const fault = referenceFault(resources);
  return fault === undefined ? { state: { resources, pending: latest?.pending_operations ?? [] } } : { fault };
}

/** What is wrong with a stored state; undefined when it is whole. */
export const stateFault = (row: unknown, stackName: string): string | undefined => openState(row, stackName).fault;

/** The engine writes resources in an order in which each comes after what it needs; the same rule it checks itself. */
function referenceFault(resources: readonly StateResource[]): string | undefined {
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
