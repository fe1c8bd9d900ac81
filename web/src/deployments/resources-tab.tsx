/** The deployment's stack: its resources as a tree, and what the program gave out. */
import { Code, Paper, Stack, Table, Text, Title } from "@mantine/core";
import type { StackResource } from "../api/types.ts";
import { phaseWords } from "../operations/phases.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty, Failure, Loading } from "../shared/states.tsx";
import { counted } from "../shared/words.ts";
import { useOutputs, useResources } from "./queries.ts";

const INDENT_PIXELS = 20;

interface Row {
  resource: StackResource;
  depth: number;
}

const flatten = (resources: readonly StackResource[], depth = 0): Row[] =>
  resources.flatMap((resource) => [{ resource, depth }, ...flatten(resource.children, depth + 1)]);

export function ResourcesTab({ id }: { id: string }) {
  const resources = useResources(id);
  if (resources.error) return <Failure error={resources.error} onRetry={() => void resources.refetch()} />;
  if (!resources.data) return <Loading />;
  const rows = flatten(resources.data.items);
  if (rows.length === 0) return <Empty title="Nothing yet">Resources appear as they are made.</Empty>;
  return (
    <Stack>
      <Paper withBorder p="md">
        <Text size="sm" mb="xs">
          {counted(rows.length, "resource")} of one Pulumi stack
        </Text>
        <ScrollTable label="Resources" columns={["Name", "Type", "Id", "Phase"]}>
          {rows.map(({ resource: { urn, name, type, physical_id: physicalId, phase }, depth }) => (
            <Table.Tr key={urn} title={urn}>
              <Table.Td style={{ paddingInlineStart: 12 + depth * INDENT_PIXELS }}>
                {depth > 0 ? "└ " : ""}
                {name}
              </Table.Td>
              <Table.Td>
                <Code>{type}</Code>
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{physicalId}</Table.Td>
              <Table.Td>{phase === null ? "" : phaseWords(phase)}</Table.Td>
            </Table.Tr>
          ))}
        </ScrollTable>
      </Paper>
      <Outputs id={id} />
    </Stack>
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
