/** The destroy receipt: every resource there ever was, looked up again. */
import { Button, Code, Group, Paper, Table, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { saveText } from "../shared/save-text.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";
import { useReceipt } from "./queries.ts";

export function ReceiptView({ id }: { id: string }) {
  const receipt = useReceipt(id, true);
  if (receipt.error) return <Failure error={receipt.error} />;
  if (!receipt.data) return <Loading />;
  const { items, summary, written_at: writtenAt } = receipt.data;
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          Destroy receipt
        </Title>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => saveText(`${id}-receipt.json`, JSON.stringify(receipt.data, null, 2))}
        >
          Download
        </Button>
      </Group>
      <Group gap={6} mb="xs">
        <Text size="sm">
          {Object.entries(summary)
            .map(([found, count]) => `${count} ${found}`)
            .join(", ")}
          , looked up
        </Text>
        <When at={writtenAt} size="sm" />
      </Group>
      <ScrollTable label="Receipt" columns={["Resource", "Type", "Id", "Found", "Listed by", "How", "When"]}>
        {items.map(({ urn, type, physical_id: physicalId, found, looked_up_by: lookedUpBy, ...more }) => (
          <Table.Tr key={`${urn} ${physicalId}`}>
            <Table.Td>{urn.split("::").at(-1)}</Table.Td>
            <Table.Td>
              <Code>{type}</Code>
            </Table.Td>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{physicalId}</Table.Td>
            <Table.Td>{found}</Table.Td>
            <Table.Td>{more.listed_by === "record" ? "record" : "mark"}</Table.Td>
            <Table.Td>
              {lookedUpBy}: {more.detail}
            </Table.Td>
            <Table.Td>
              <When at={more.looked_up_at} size="sm" />
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
    </Paper>
  );
}
