/** The clusters deployments run on. */
import { Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";

export function ClustersPage() {
  const clusters = useQuery({
    queryKey: keys.clusters,
    queryFn: () => dataOf(api.GET("/api/v1/clusters")),
  });
  return (
    <Page title="Clusters">
      {clusters.error && <Failure error={clusters.error} onRetry={() => void clusters.refetch()} />}
      {clusters.isPending && <Loading />}
      {clusters.data && (
        <ScrollTable label="Clusters" columns={["Name", "Kind", "Domain", "Shared", "Since", "Id"]}>
          {clusters.data.items.map(({ id, name, kind, domain, shared, created_at: at }) => (
            <Table.Tr key={id}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{kind}</Table.Td>
              <Table.Td>{domain}</Table.Td>
              <Table.Td>{shared ? "by all organizations" : "by this organization"}</Table.Td>
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
    </Page>
  );
}
