/** Everything that was done, newest first. */
import { Button, Group, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { Page } from "../shared/page.tsx";
import { Empty, Failure, Loading } from "../shared/states.tsx";
import { type OperationFilters, operationStates } from "./operation-filters.ts";
import { OperationTable } from "./operation-table.tsx";
import { operationTypeNames, operationWords } from "./words.ts";

const route = getRouteApi("/operations");
const PER_PAGE = 50;

export function OperationsPage() {
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: OperationFilters) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const list = useInfiniteQuery({
    queryKey: [...keys.operations, filters],
    queryFn: ({ pageParam }) =>
      dataOf(
        api.GET("/api/v1/operations", {
          params: { query: { ...filters, per_page: PER_PAGE, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ pagination }) => pagination.next_cursor ?? undefined,
  });
  const operations = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Page title="Operations">
      <Group>
        <Select
          label="Status"
          placeholder="any"
          data={[...operationStates]}
          value={filters.status ?? null}
          onChange={(value) => change({ status: operationStates.find((name) => name === value) })}
          clearable
          w={160}
        />
        <Select
          label="Kind"
          placeholder="any"
          data={operationTypeNames.map((value) => ({ value, label: operationWords(value) }))}
          value={filters.type ?? null}
          onChange={(value) => change({ type: operationTypeNames.find((name) => name === value) })}
          clearable
          w={160}
        />
      </Group>
      {list.error && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && operations.length === 0 && <Empty title="No such operations">Nothing was done that fits.</Empty>}
      {operations.length > 0 && <OperationTable operations={operations} withResource />}
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
