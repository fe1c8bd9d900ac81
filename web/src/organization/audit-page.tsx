/** Who did what, when, from where. */
import { Button, Code, Group, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty, Failure, Loading } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";
import { originWords } from "../shared/words.ts";

const PER_PAGE = 50;
const TYPING_MILLISECONDS = 300;

export function AuditPage() {
  const [action, setAction] = useState("");
  const [target, setTarget] = useState("");
  const [filters] = useDebouncedValue({ action: action.trim(), target: target.trim() }, TYPING_MILLISECONDS);
  const list = useInfiniteQuery({
    queryKey: [...keys.audit, filters],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET("/api/v1/audit", {
          params: {
            query: {
              per_page: PER_PAGE,
              ...(filters.action && { action: filters.action }),
              ...(filters.target && { target_id: filters.target }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ pagination }) => pagination.next_cursor ?? undefined,
  });
  const events = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Page title="Audit log">
      <Group>
        <TextInput
          label="Action"
          placeholder="deployment.destroy"
          value={action}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
        <TextInput
          label="Target"
          placeholder="dep_…"
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
        />
      </Group>
      {list.error && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && events.length === 0 && (
        <Empty title="No such entries">Nothing in the log fits these filters.</Empty>
      )}
      {events.length > 0 && (
        <ScrollTable label="Audit log" columns={["When", "Who", "From", "Action", "Target", "Outcome"]}>
          {events.map(({ id, at, actor, origin, action: what, target_id: targetId, outcome }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <When at={at} size="sm" />
              </Table.Td>
              <Table.Td>{actor.name}</Table.Td>
              <Table.Td>{originWords(origin)}</Table.Td>
              <Table.Td>
                <Code>{what}</Code>
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{targetId ?? ""}</Table.Td>
              <Table.Td>{outcome}</Table.Td>
            </Table.Tr>
          ))}
        </ScrollTable>
      )}
      {list.hasNextPage && (
        <Group justify="center">
          <Button variant="default" onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
            Older ones
          </Button>
        </Group>
      )}
    </Page>
  );
}
