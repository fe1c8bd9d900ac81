/** The workers: which live, what they can do, since when. For platform operators. */
import { Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";

const EVERY_MILLISECONDS = 5_000;

export function WorkersPage() {
  const workers = useQuery({
    queryKey: keys.workers,
    queryFn: () => dataOf(api.GET("/api/v1/workers")),
    refetchInterval: EVERY_MILLISECONDS,
  });
  return (
    <Page title="Workers">
      {workers.error && <Failure error={workers.error} onRetry={() => void workers.refetch()} />}
      {workers.isPending && <Loading />}
      {workers.data && (
        <ScrollTable
          label="Workers"
          columns={["Worker", "State", "Node", "Can run", "Slots", "Version", "Started", "Last sign of life"]}
        >
          {workers.data.items.map(
            ({
              id,
              state,
              node,
              host,
              pid,
              capabilities,
              slots,
              version,
              started_at: startedAt,
              heartbeat_at: heartbeatAt,
            }) => (
              <Table.Tr key={id}>
                <Table.Td title={id}>
                  {host} ({pid})
                </Table.Td>
                <Table.Td>
                  <StateBadge state={state} />
                </Table.Td>
                <Table.Td>{node}</Table.Td>
                <Table.Td>{capabilities.join(", ")}</Table.Td>
                <Table.Td>{slots}</Table.Td>
                <Table.Td>{version}</Table.Td>
                <Table.Td>
                  <When at={startedAt} size="sm" />
                </Table.Td>
                <Table.Td>
                  <When at={heartbeatAt} size="sm" />
                </Table.Td>
              </Table.Tr>
            ),
          )}
        </ScrollTable>
      )}
    </Page>
  );
}
