/** Everything that was done, newest first. */
import { Button, Group, Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { api, dataOf } from "../api/client.ts";
import { usePages } from "../api/pages.ts";
import { keys } from "../api/query-keys.ts";
import { Listed } from "../shared/listed.tsx";
import { OlderOnes } from "../shared/older-ones.tsx";
import { Page } from "../shared/page.tsx";
import { Empty } from "../shared/states.tsx";
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
  const list = usePages([...keys.operations, filters], (from) =>
    dataOf(api.GET("/api/v1/operations", { params: { query: { ...filters, per_page: PER_PAGE, ...from } } })),
  );
  const isFiltered = Object.keys(filters).length > 0;
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
      <Listed
        query={list}
        items={list.items}
        empty={
          isFiltered ? (
            <Empty
              title="No such operations"
              action={
                <Button variant="default" onClick={() => void navigate({ search: {} })}>
                  Clear the filters
                </Button>
              }
            >
              Nothing was done that fits these filters.
            </Empty>
          ) : (
            <Empty
              title="Nothing was done yet"
              action={
                <Button component={Link} to="/deployments/new" variant="default">
                  Create a deployment
                </Button>
              }
            >
              Every change of a deployment is an operation: who asked for it, what it did, how it ended.
            </Empty>
          )
        }
      >
        {(operations) => <OperationTable operations={operations} withResource />}
      </Listed>
      <OlderOnes of={list} />
    </Page>
  );
}
