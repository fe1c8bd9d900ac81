/** The workers: which live, what they can do, since when. For platform operators. */
import { Button, Group, Table } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Copyable } from "../shared/copyable.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
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
      <Listed
        query={workers}
        items={workers.data?.items}
        usualRows={2}
        empty={
          <Empty title="No worker">
            Operations wait in the queue until one starts, on this machine or another:
            <Group justify="center" mt="xs">
              <Copyable text="./onvera start" what="the command" />
            </Group>
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable
            isFramed
            label="Workers"
            columns={[
              "Worker",
              "State",
              "Under way",
              "Node",
              "Can run",
              "Slots",
              "Version",
              "Started",
              "Last sign of life",
              "",
            ]}
          >
            {items.map(
              ({
                id,
                state,
                node,
                host,
                pid,
                capabilities,
                slots,
                version,
                operations,
                drain_requested_at: drainRequestedAt,
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
                  <Table.Td>{operations}</Table.Td>
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
                  <Table.Td>
                    {state !== "stopped" && <DrainButton id={id} isDraining={drainRequestedAt !== null} />}
                  </Table.Td>
                </Table.Tr>
              ),
            )}
          </ScrollTable>
        )}
      </Listed>
    </Page>
  );
}

/** Both wishes can be taken back at once, so neither asks twice. */
function DrainButton({ id, isDraining }: { id: string; isDraining: boolean }) {
  const change = useMutation({
    mutationFn: () => {
      const params = { path: { worker_id: id }, header: idempotent() };
      return isDraining
        ? dataOf(api.POST("/api/v1/workers/{worker_id}/resume", { params }))
        : dataOf(api.POST("/api/v1/workers/{worker_id}/drain", { params }));
    },
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: keys.workers }),
  });
  return (
    <Button size="xs" variant="default" loading={change.isPending} onClick={() => change.mutate()}>
      {isDraining ? "Resume" : "Drain"}
    </Button>
  );
}
