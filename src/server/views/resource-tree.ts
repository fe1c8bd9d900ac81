/** Turns the flat list of a stack's resources into the tree its parents make. */
import type { Selectable } from "kysely";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { DeploymentResourcesTable } from "../../store/tables/stacks.ts";
import type { ResourceNode } from "../schemas/runtime.ts";

/** The roots: resources without a parent, or whose parent is not in the list. */
export function resourceTree(rows: Selectable<DeploymentResourcesTable>[]): ResourceNode[] {
  const nodes = rows.map((row) => ({ row, node: nodeOf(row) }));
  const byUrn = new Map(nodes.map(({ row, node }) => [row.urn, node]));
  const roots: ResourceNode[] = [];
  for (const { row, node } of nodes) {
    const parent = row.parent_urn === null ? undefined : byUrn.get(row.parent_urn);
    (parent && parent !== node ? parent.children : roots).push(node);
    // The state names the engine's own bookkeeping too, which nobody is shown.
    node.dependencies = row.dependencies.filter((urn) => urn !== row.urn && byUrn.has(urn));
  }
  return roots;
}

function nodeOf(row: Selectable<DeploymentResourcesTable>): ResourceNode {
  return {
    urn: row.urn,
    type: row.type,
    name: row.urn.split("::").at(-1) ?? row.urn,
    parent: row.parent_urn,
    dependencies: [],
    physical_id: row.physical_id === "" ? null : row.physical_id,
    phase: row.phase,
    first_seen_at: timestamp(row.first_seen_at),
    deleted_at: timestampOrNull(row.deleted_at),
    children: [],
  };
}
