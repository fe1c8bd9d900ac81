/** The picture of a stack: what is needed stands before what needs it, each in the lane of its component (ON-25). */
import { describe, expect, it } from "vitest";
import { type GraphResource, layoutGraph } from "../../web/src/deployments/graph-layout.ts";

const leaf = (name: string, dependencies: string[] = []): GraphResource => ({
  urn: name,
  name,
  physical_id: `id of ${name}`,
  dependencies,
  children: [],
});
const component = (name: string, children: GraphResource[]): GraphResource => ({
  urn: name,
  name,
  physical_id: null,
  dependencies: [],
  children,
});

const stack = [
  component("database", [leaf("role"), leaf("db", ["role"]), leaf("grant", ["db", "role"])]),
  component("compute", [leaf("web", ["grant", "key"]), leaf("worker", ["grant", "key"])]),
  leaf("key"),
];

describe("the graph of a stack", () => {
  it("puts each resource right of everything it needs (ON-25)", () => {
    const { nodes, columns } = layoutGraph(stack);
    const columnOf = new Map(nodes.map(({ resource, column }) => [resource.name, column]));
    expect(Object.fromEntries(columnOf)).toEqual({ role: 0, db: 1, grant: 2, web: 3, worker: 3, key: 0 });
    expect(columns).toBe(4);
  });

  it("gives each component a lane, and no place to two resources", () => {
    const { nodes, lanes, rows } = layoutGraph(stack);
    expect(lanes).toEqual([
      { name: "database", firstRow: 0, rows: 1 },
      { name: "compute", firstRow: 1, rows: 2 },
      { name: "", firstRow: 3, rows: 1 },
    ]);
    expect(rows).toBe(4);
    expect(new Set(nodes.map(({ column, row }) => `${column} ${row}`)).size).toBe(nodes.length);
    for (const { lane, row } of nodes) {
      const own = lanes.find(({ name }) => name === lane);
      expect(own && row >= own.firstRow && row < own.firstRow + own.rows).toBe(true);
    }
  });

  it("draws no line that another way says already, and none to what is not shown", () => {
    const { edges } = layoutGraph([...stack, leaf("odd", ["gone"])]);
    expect(edges.map(({ from, to }) => `${from}>${to}`).sort()).toEqual(
      ["role>db", "db>grant", "grant>web", "key>web", "grant>worker", "key>worker"].sort(),
    );
  });

  it("ends with a circle too, which no stack has", () => {
    expect(layoutGraph([leaf("a", ["b"]), leaf("b", ["a"])]).nodes).toHaveLength(2);
  });

  it("of nothing is nothing", () => {
    expect(layoutGraph([])).toEqual({ nodes: [], edges: [], lanes: [], columns: 0, rows: 0 });
  });
});
