/** What a plan would do: + ~ - ± per resource, what forces a replace, and which data would be lost. */
import { Alert, Code, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Operation } from "../api/types.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { counted } from "../shared/words.ts";
import { ActionSign } from "./action-sign.tsx";

interface PlannedChange {
  op: "create" | "update" | "delete" | "replace" | "same";
  urn: string;
  type: string;
  name: string;
  replace_keys: string[];
  diff_keys: string[];
  stateful: boolean;
}

export function PlanView({ result }: { result: NonNullable<Operation["result"]> }) {
  const changes = Array.isArray(result.changes) ? (result.changes as PlannedChange[]) : [];
  const loss = Array.isArray(result.data_loss) ? (result.data_loss as string[]) : [];
  const shown = changes.filter(({ op }) => op !== "same");
  return (
    <Paper withBorder p="md">
      <Stack>
        <Title order={2} size="h4">
          Plan
        </Title>
        {loss.length > 0 && (
          <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="Data would be lost with">
            {loss.map((urn) => (
              <Code key={urn} block title={urn}>
                {urn.split("::").slice(-2).join(" ")}
              </Code>
            ))}
          </Alert>
        )}
        <Text size="sm">
          {shown.length === 0
            ? "Nothing would change."
            : `${counted(shown.length, "resource")} would change, ${changes.length - shown.length} would not.`}
        </Text>
        {shown.length > 0 && (
          <ScrollTable label="Planned changes" columns={["", "Name", "Type", "Why"]}>
            {shown.map(({ op, urn, name, type, replace_keys: replacing, diff_keys: differing, stateful }) => (
              <Table.Tr key={urn}>
                <Table.Td w={40}>
                  <ActionSign action={op} />
                </Table.Td>
                <Table.Td>{name}</Table.Td>
                <Table.Td>
                  <Code>{type}</Code>
                </Table.Td>
                <Table.Td>
                  {replacing.length > 0 ? `replaced because of ${replacing.join(", ")}` : differing.join(", ")}
                  {stateful ? " (holds data)" : ""}
                </Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Stack>
    </Paper>
  );
}
