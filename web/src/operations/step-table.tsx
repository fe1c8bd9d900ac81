/** The resources an operation touched, one row each, as `pulumi up` prints them. */
import { Code, Paper, Table, Text, Title } from "@mantine/core";
import type { OperationEvent } from "../api/types.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";

interface Step {
  urn: string;
  name: string;
  type: string;
  action: string;
  state: string;
  milliseconds: number | undefined;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The last word on each resource, in the order they were begun. */
export function stepsOf(events: readonly OperationEvent[]): Step[] {
  const steps = new Map<string, Step>();
  for (const { type, data } of events) {
    const urn = text(data.urn);
    if (type !== "resource" || urn === "") continue;
    const took = data.duration_ms;
    steps.set(urn, {
      urn,
      name: text(data.name),
      type: text(data.type),
      action: text(data.action),
      state: text(data.state),
      milliseconds: typeof took === "number" ? took : steps.get(urn)?.milliseconds,
    });
  }
  return [...steps.values()];
}

const signs: Readonly<Record<string, { sign: string; color: string }>> = {
  create: { sign: "+", color: "teal" },
  update: { sign: "~", color: "yellow" },
  delete: { sign: "-", color: "red" },
  replace: { sign: "±", color: "grape" },
};

export function StepTable({ events }: { events: readonly OperationEvent[] }) {
  const steps = stepsOf(events);
  if (steps.length === 0) return null;
  const changed = steps.filter(({ action }) => action !== "same");
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4" mb="xs">
        Resources
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {changed.length} changed, {steps.length - changed.length} unchanged
      </Text>
      <ScrollTable label="Resources of this operation" columns={["", "Name", "Type", "State", "Took"]}>
        {steps.map(({ urn, name, type, action, state, milliseconds }) => (
          <Table.Tr key={urn}>
            <Table.Td w={40}>
              <Text fw={700} c={signs[action]?.color} title={action} component="span" ff="monospace">
                {signs[action]?.sign ?? ""}
              </Text>
            </Table.Td>
            <Table.Td>{name}</Table.Td>
            <Table.Td>
              <Code>{type}</Code>
            </Table.Td>
            <Table.Td>
              {action} {state}
            </Table.Td>
            <Table.Td>{milliseconds === undefined ? "" : `${milliseconds} ms`}</Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
    </Paper>
  );
}
