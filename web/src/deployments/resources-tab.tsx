/** The deployment's stack: its resources as a tree or as a graph, and what the program gave out. */
import { Code, Group, Paper, SegmentedControl, Stack, Table, Text, Title } from "@mantine/core";
import { skipToken, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { follow } from "../api/live.ts";
import { keys } from "../api/query-keys.ts";
import type { Deployment, OperationEvent, StackResource } from "../api/types.ts";
import { phaseWords } from "../operations/phases.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty, Failure, Loading } from "../shared/states.tsx";
import { counted } from "../shared/words.ts";
import { useOutputs, useResources } from "./queries.ts";
import { type ResourceState, resourceStates } from "./resource-state.ts";

const ResourceGraph = lazy(() => import("./resource-graph.tsx").then((module) => ({ default: module.ResourceGraph })));

const INDENT_PIXELS = 20;
const none: OperationEvent[] = [];

export type ResourceShape = "tree" | "graph";

interface ResourcesTabProps {
  deployment: Deployment;
  shape: ResourceShape;
  onShape(shape: ResourceShape): void;
}

export function ResourcesTab({ deployment, shape, onShape }: ResourcesTabProps) {
  const { id, current_operation_id: operationId } = deployment;
  const resources = useResources(id, operationId !== null);
  const { data: events = none } = useQuery<OperationEvent[]>({
    queryKey: keys.operationEvents(operationId ?? ""),
    queryFn: skipToken,
  });
  useEffect(() => (operationId === null ? undefined : follow(operationId)), [operationId]);
  if (resources.error) return <Failure error={resources.error} onRetry={() => void resources.refetch()} />;
  if (!resources.data) return <Loading />;
  const roots = resources.data.items;
  const rows = flatten(roots);
  if (rows.length === 0) return <NoResources deployment={deployment} />;
  const stateOf = resourceStates(operationId === null ? none : events);
  return (
    <Stack>
      <Paper withBorder p="md">
        <Group justify="space-between" mb="sm">
          <Text size="sm">{counted(rows.length, "resource")} of one Pulumi stack</Text>
          <SegmentedControl
            size="xs"
            aria-label="Shown as"
            data={[
              { value: "tree", label: "Tree" },
              { value: "graph", label: "Graph" },
            ]}
            value={shape}
            onChange={(value) => onShape(value === "graph" ? "graph" : "tree")}
          />
        </Group>
        {shape === "tree" ? (
          <ResourceTree rows={rows} stateOf={stateOf} />
        ) : (
          <Suspense fallback={<Loading />}>
            <ResourceGraph roots={roots} stateOf={stateOf} />
          </Suspense>
        )}
      </Paper>
      <Outputs id={id} />
    </Stack>
  );
}

function NoResources({ deployment: { status } }: { deployment: Deployment }) {
  if (status === "destroyed") {
    return <Empty title="Nothing is left">What there was, and that it is gone, stands in the receipt.</Empty>;
  }
  return (
    <Empty title="Nothing yet">
      Resources appear here as they are made. The operation under way, in the history, says how far it is.
    </Empty>
  );
}

interface Row {
  resource: StackResource;
  depth: number;
}

const flatten = (resources: readonly StackResource[], depth = 0): Row[] =>
  resources.flatMap((resource) => [{ resource, depth }, ...flatten(resource.children, depth + 1)]);

interface ResourceTreeProps {
  rows: readonly Row[];
  stateOf(resource: StackResource): ResourceState;
}

function ResourceTree({ rows, stateOf }: ResourceTreeProps) {
  const names = new Map(rows.map(({ resource: { urn, name } }) => [urn, name]));
  return (
    <ScrollTable label="Resources" columns={["Name", "Type", "Id", "State", "Phase", "Needs"]}>
      {rows.map(({ resource, depth }) => {
        const { urn, name, type, physical_id: physicalId, phase, dependencies } = resource;
        return (
          <Table.Tr key={urn} title={urn}>
            <Table.Td style={{ paddingInlineStart: 12 + depth * INDENT_PIXELS, whiteSpace: "nowrap" }}>
              {depth > 0 ? "└ " : ""}
              {name}
            </Table.Td>
            <Table.Td>
              <Code>{type}</Code>
            </Table.Td>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{physicalId}</Table.Td>
            <Table.Td style={{ whiteSpace: "nowrap" }}>{stateOf(resource).words}</Table.Td>
            <Table.Td style={{ whiteSpace: "nowrap" }}>{phase === null ? "" : phaseWords(phase)}</Table.Td>
            <Table.Td>{dependencies.map((needed) => names.get(needed) ?? needed).join(", ")}</Table.Td>
          </Table.Tr>
        );
      })}
    </ScrollTable>
  );
}

function Outputs({ id }: { id: string }) {
  const outputs = useOutputs(id);
  const entries = Object.entries(outputs.data ?? {});
  if (entries.length === 0) return null;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4" mb="xs">
        Outputs
      </Title>
      <ScrollTable label="Outputs" columns={["Name", "Value"]}>
        {entries.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td style={{ overflowWrap: "anywhere" }}>
              {typeof value === "string" ? value : JSON.stringify(value)}
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
    </Paper>
  );
}
