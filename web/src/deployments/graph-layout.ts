/** Where each resource of a stack stands in the graph: a column for how much it needs, a lane for the component it belongs to. Pure. */

/** What the layout reads of a resource. */
export interface GraphResource {
  urn: string;
  name: string;
  physical_id: string | null;
  dependencies: readonly string[];
  children: readonly GraphResource[];
}

export interface PlacedNode<Resource> {
  resource: Resource;
  /** Name of the outermost component it belongs to; empty without one. */
  lane: string;
  /** Needs nothing: 0; else one more than the highest of what it needs. */
  column: number;
  /** From the top, over all lanes. */
  row: number;
}

export interface GraphEdge {
  /** URN of what is needed. */
  from: string;
  /** URN of what needs it. */
  to: string;
}

export interface Lane {
  name: string;
  firstRow: number;
  rows: number;
}

export interface GraphLayout<Resource> {
  nodes: readonly PlacedNode<Resource>[];
  edges: readonly GraphEdge[];
  lanes: readonly Lane[];
  columns: number;
  rows: number;
}

interface Leaf<Resource> {
  resource: Resource;
  lane: string;
}

/**
 * Places the resources that stand for something of their own; components are lanes.
 * @param roots the tree, as the API gives it
 */
export function layoutGraph<Resource extends GraphResource>(roots: readonly Resource[]): GraphLayout<Resource> {
  const leaves = roots.flatMap((root) => leavesOf(root, root.physical_id === null ? root.name : ""));
  const needs = new Map(leaves.map(({ resource }) => [resource.urn, new Set<string>()]));
  for (const { resource } of leaves) {
    for (const needed of resource.dependencies) if (needs.has(needed)) needs.get(resource.urn)?.add(needed);
  }
  const columns = columnsOf(needs);
  const nodes: PlacedNode<Resource>[] = [];
  const lanes: Lane[] = [];
  let firstRow = 0;
  for (const name of new Set(leaves.map(({ lane }) => lane))) {
    const taken = new Map<number, number>();
    for (const { resource } of leaves.filter(({ lane }) => lane === name)) {
      const column = columns.get(resource.urn) ?? 0;
      const row = taken.get(column) ?? 0;
      taken.set(column, row + 1);
      nodes.push({ resource, lane: name, column, row: firstRow + row });
    }
    const rows = Math.max(...taken.values());
    lanes.push({ name, firstRow, rows });
    firstRow += rows;
  }
  return {
    nodes,
    edges: edgesOf(needs),
    lanes,
    columns: Math.max(0, ...nodes.map(({ column }) => column + 1)),
    rows: firstRow,
  };
}

function leavesOf<Resource extends GraphResource>(resource: Resource, lane: string): Leaf<Resource>[] {
  const own = resource.physical_id === null ? [] : [{ resource, lane }];
  return [...own, ...resource.children.flatMap((child) => leavesOf(child as Resource, lane))];
}

/** The length of the longest way to each; what needs itself in a circle, which no stack allows, counts as needing nothing there. */
function columnsOf(needs: ReadonlyMap<string, ReadonlySet<string>>): Map<string, number> {
  const columns = new Map<string, number>();
  const columnOf = (urn: string, above: ReadonlySet<string>): number => {
    const known = columns.get(urn);
    if (known !== undefined) return known;
    const below = [...(needs.get(urn) ?? [])].filter((needed) => !above.has(needed));
    const column = Math.max(-1, ...below.map((needed) => columnOf(needed, new Set([...above, urn])))) + 1;
    columns.set(urn, column);
    return column;
  };
  for (const urn of needs.keys()) columnOf(urn, new Set([urn]));
  return columns;
}

/** One line per need, but those that another way says already: with A needs B, B needs C, the line from A to C is noise. */
function edgesOf(needs: ReadonlyMap<string, ReadonlySet<string>>): GraphEdge[] {
  const reaches = (from: string, wanted: string, seen: Set<string>): boolean => {
    if (seen.has(from)) return false;
    seen.add(from);
    return [...(needs.get(from) ?? [])].some((next) => next === wanted || reaches(next, wanted, seen));
  };
  return [...needs].flatMap(([to, needed]) =>
    [...needed]
      .filter((from) => ![...needed].some((other) => other !== from && reaches(other, from, new Set([to]))))
      .map((from) => ({ from, to })),
  );
}
