/** The clusters deployments run on. */
import { Group, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import type { Cluster } from "../api/types.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";

export function ClustersPage() {
  const clusters = useQuery({
    queryKey: keys.clusters,
    queryFn: () => dataOf(api.GET("/api/v1/clusters")),
  });
  return (
    <Page title="Clusters">
      <Text size="sm" c="dimmed" maw={640}>
        A cluster is where the processes of deployments run. Each environment is on one.
      </Text>
      <Listed
        query={clusters}
        items={clusters.data?.items}
        usualRows={2}
        empty={
          <Empty title="No cluster">
            Nothing can be deployed before there is one. A machine becomes one when a worker starts on it:
            <Group justify="center" mt="xs">
              <Copyable text="./onvera start" what="the command" />
            </Group>
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable
            isFramed
            label="Clusters"
            columns={["Name", "Kind", "Domain", "Shared", "Last check", "Since", "Id"]}
          >
            {items.map(({ id, name, kind, domain, shared, check, created_at: at }) => (
              <Table.Tr key={id}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{kind}</Table.Td>
                <Table.Td>{domain}</Table.Td>
                <Table.Td>{shared ? "by all organizations" : "by this organization"}</Table.Td>
                <Table.Td>
                  <LastCheck check={check} />
                </Table.Td>
                <Table.Td>
                  <When at={at} size="sm" />
                </Table.Td>
                <Table.Td>
                  <Copyable text={id} what="the cluster's id" />
                </Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Listed>
    </Page>
  );
}

type Check = Cluster["check"];

/** What is missing or cannot be told, with what to do; a cluster that lacks nothing takes one line. */
function LastCheck({ check }: { check: Check }) {
  if (check === null) return <Text size="sm">none yet</Text>;
  return (
    <Stack gap={2} maw={420}>
      <Text size="sm">
        {check.fit ? "Fit" : "Something is missing"}, <When at={check.checked_at} size="sm" />
      </Text>
      {check.findings
        .filter(({ result }) => result !== "ok")
        .map(({ check: name, result, detail, next_step: next, items }) => (
          <Text key={name} size="xs" c={result === "missing" ? undefined : "dimmed"}>
            {[detail, ...items, next].filter((text) => text !== null).join(" ")}
          </Text>
        ))}
    </Stack>
  );
}
