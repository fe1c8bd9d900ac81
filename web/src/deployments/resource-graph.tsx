/** The stack as a graph: what is needed stands left of what needs it; the tree says the same in words. */
import { Paper, Text } from "@mantine/core";
import { useState } from "react";
import type { StackResource } from "../api/types.ts";
import { Facts } from "../shared/facts.tsx";
import { layoutGraph, type PlacedNode } from "./graph-layout.ts";
import classes from "./resource-graph.module.css";
import type { ResourceState } from "./resource-state.ts";

const NODE = { width: 156, height: 44 };
const STEP = { x: 190, y: 56 };
const LANE_HEAD = 22;
const EDGE = 12;
const NAME_LENGTH = 18;

type Node = PlacedNode<StackResource>;

interface ResourceGraphProps {
  roots: readonly StackResource[];
  stateOf(resource: StackResource): ResourceState;
}

export function ResourceGraph({ roots, stateOf }: ResourceGraphProps) {
  const { nodes, edges, lanes, columns } = layoutGraph(roots);
  const [chosen, setChosen] = useState<string>();
  const heads = new Map(lanes.map(({ name }, index) => [name, (index + 1) * LANE_HEAD]));
  const leftOf = ({ column }: Node) => EDGE + column * STEP.x;
  const topOf = ({ lane, row }: Node) => row * STEP.y + (heads.get(lane) ?? 0) + EDGE / 2;
  const width = columns * STEP.x - (STEP.x - NODE.width) + 2 * EDGE;
  const height = lanes.reduce((sum, { rows }) => sum + rows * STEP.y + LANE_HEAD, 0);
  const byUrn = new Map(nodes.map((node) => [node.resource.urn, node]));
  const isNear = (urn: string) =>
    edges.some(({ from, to }) => chosen !== undefined && [from, to].includes(urn) && [from, to].includes(chosen));
  return (
    <>
      {/* A frame that scrolls must be reached by the keyboard; its nodes are. */}
      <div className={classes.frame}>
        <svg width={width} height={height} className={classes.graph}>
          <title>The stack's resources and what they need</title>
          <defs>
            <marker id="needed" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0 L8 4 L0 8 Z" className={classes.arrow} />
            </marker>
          </defs>
          {lanes.map(({ name, firstRow, rows }, index) => {
            const top = firstRow * STEP.y + index * LANE_HEAD;
            return (
              <g key={name} aria-hidden>
                <rect
                  x="0"
                  y={top}
                  width={width}
                  height={rows * STEP.y + LANE_HEAD - 4}
                  rx="8"
                  className={classes.lane}
                />
                <text x={EDGE} y={top + 16} className={classes.laneName}>
                  {name === "" ? "of the stack itself" : name}
                </text>
              </g>
            );
          })}
          {edges.map(({ from, to }) => {
            const [start, end] = [byUrn.get(from), byUrn.get(to)];
            if (!start || !end) return null;
            const [x1, y1] = [leftOf(start) + NODE.width, topOf(start) + NODE.height / 2];
            const [x2, y2] = [leftOf(end), topOf(end) + NODE.height / 2];
            const bend = Math.min(60, (x2 - x1) / 2);
            return (
              <path
                key={`${from} ${to}`}
                d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 2} ${y2}`}
                className={classes.edge}
                data-chosen={chosen === from || chosen === to}
                markerEnd="url(#needed)"
              />
            );
          })}
          {nodes.map((node) => (
            <GraphNode
              key={node.resource.urn}
              node={node}
              left={leftOf(node)}
              top={topOf(node)}
              state={stateOf(node.resource)}
              mark={chosen === node.resource.urn ? "chosen" : isNear(node.resource.urn) ? "near" : undefined}
              onChoose={() => setChosen(chosen === node.resource.urn ? undefined : node.resource.urn)}
            />
          ))}
        </svg>
      </div>
      <Chosen node={byUrn.get(chosen ?? "")} nodes={nodes} stateOf={stateOf} />
    </>
  );
}

const shortType = (type: string): string => type.split(/[:/]/).at(-1) ?? type;
const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

interface GraphNodeProps {
  node: Node;
  left: number;
  top: number;
  state: ResourceState;
  mark: "chosen" | "near" | undefined;
  onChoose(): void;
}

function GraphNode({ node: { resource, lane }, left, top, state, mark, onChoose }: GraphNodeProps) {
  const { name, type } = resource;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a button of HTML cannot stand inside a picture
    <g
      transform={`translate(${left} ${top})`}
      role="button"
      tabIndex={0}
      aria-pressed={mark === "chosen"}
      aria-label={`${name}, ${shortType(type)}${lane === "" ? "" : ` of ${lane}`}: ${state.words}`}
      className={classes.node}
      data-kind={state.kind}
      data-mark={mark}
      onClick={onChoose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        onChoose();
      }}
    >
      <rect width={NODE.width} height={NODE.height} rx="8" className={classes.box} />
      <circle cx="14" cy="15" r="4" className={classes.light} />
      <text x="25" y="19" className={classes.name}>
        {shortened(name, NAME_LENGTH)}
      </text>
      <text x="12" y="36" className={classes.kind}>
        {shortened(`${shortType(type)} · ${state.words}`, NAME_LENGTH + 5)}
      </text>
    </g>
  );
}

interface ChosenProps {
  node: Node | undefined;
  nodes: readonly Node[];
  stateOf(resource: StackResource): ResourceState;
}

function Chosen({ node, nodes, stateOf }: ChosenProps) {
  if (!node) {
    return (
      <Text size="sm" c="dimmed" mt="xs">
        An arrow leads from what is needed to what needs it. Choose a resource to see more of it.
      </Text>
    );
  }
  const { urn, name, type, physical_id: physicalId, dependencies } = node.resource;
  const named = (found: readonly Node[]) => found.map(({ resource }) => resource.name).join(", ") || "nothing";
  return (
    <Paper withBorder p="sm" mt="xs" role="status" aria-label={`About ${name}`}>
      <Facts
        items={[
          ["Resource", name],
          ["Type", type],
          ["State", stateOf(node.resource).words],
          ["Id", physicalId],
          ["Needs", named(dependencies.flatMap((needed) => nodes.filter(({ resource }) => resource.urn === needed)))],
          ["Needed by", named(nodes.filter(({ resource }) => resource.dependencies.includes(urn)))],
        ]}
      />
    </Paper>
  );
}
