/** Where deployments can live, and how apart from others. */
import { Badge, Group, Table, Text } from "@mantine/core";
import { useEnvironments } from "../deployments/queries.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";

export function EnvironmentsPage() {
  const environments = useEnvironments();
  return (
    <Page title="Environments">
      <Text size="sm" c="dimmed" maw={640}>
        An environment says where deployments run and how apart they are: on shared machines, on dedicated ones, or in
        your own cloud account. The platform's operator sets up dedicated ones.
      </Text>
      <Listed
        query={environments}
        items={environments.data?.items}
        usualRows={2}
        empty={
          <Empty title="No environment">
            A deployment needs one to live in. The platform's operator makes it:
            <Group justify="center" mt="xs">
              <Copyable text="onvera environments create Production --isolation dedicated" what="the command" />
            </Group>
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable isFramed label="Environments" columns={["Name", "Isolation", "Owner", "Created", "Id"]}>
            {items.map(({ id, name, is_default: isDefault, isolation_level: isolation, owner, created_at: at }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Group gap={6}>
                    {name}
                    {isDefault && (
                      <Badge variant="default" tt="none">
                        default
                      </Badge>
                    )}
                  </Group>
                </Table.Td>
                <Table.Td>{isolation}</Table.Td>
                <Table.Td>{owner}</Table.Td>
                <Table.Td>
                  <When at={at} size="sm" />
                </Table.Td>
                <Table.Td>
                  <Copyable text={id} what="the environment's id" />
                </Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Listed>
    </Page>
  );
}
