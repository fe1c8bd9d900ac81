/** The resources an operation touched, one row each, as `pulumi up` prints them. */
import { Code, Paper, Table, Text, Title } from "@mantine/core";
import type { OperationEvent } from "../api/types.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { ActionSign } from "./action-sign.tsx";
import { stepsOf } from "./steps.ts";

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
              <ActionSign action={action} />
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
