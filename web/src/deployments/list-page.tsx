/** The overview: every deployment with its state, health, version and what was done last. */
import { Button, Group, NativeSelect, Switch, Text, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useCaller } from "../session/use-caller.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Page } from "../shared/page.tsx";
import { Empty, Failure, Loading } from "../shared/states.tsx";
import { counted } from "../shared/words.ts";
import { DeploymentRows } from "./deployment-rows.tsx";
import { appTypes, type ListFilters, statuses } from "./list-filters.ts";
import { useDeployments, useEnvironments } from "./queries.ts";

const route = getRouteApi("/deployments");
const any = { value: "", label: "any" };

export function ListPage() {
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const { may } = useCaller();
  const list = useDeployments(filters);
  const environments = useEnvironments();
  const environmentNames = new Map(environments.data?.items.map(({ id, name }) => [id, name]));
  const change = (part: ListFilters) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const all = list.items ?? [];
  const needle = filters.q?.toLowerCase();
  const shown = needle ? all.filter(({ name, id }) => name.toLowerCase().includes(needle) || id.includes(needle)) : all;
  const { total } = list;
  // A name is looked for in all there are, so the rest is read while somebody searches.
  const isSearching = needle !== undefined && list.hasMore && list.error === null;
  const { isReadingMore, readMore } = list;
  useEffect(() => {
    if (isSearching && !isReadingMore) readMore();
  }, [isSearching, isReadingMore, readMore]);
  const isFiltered = Object.keys(filters).length > 0;

  return (
    <Page
      title="Deployments"
      actions={
        may("deployments:write") && (
          <Button component={Link} to="/deployments/new" leftSection={<IconPlus size={16} aria-hidden />}>
            New deployment
          </Button>
        )
      }
    >
      <Filters
        filters={filters}
        environments={[...environmentNames].map(([value, label]) => ({ value, label }))}
        onChange={change}
      />
      {list.error && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {(list.isPending || (isSearching && shown.length === 0)) && <Loading />}
      {list.items &&
        shown.length === 0 &&
        !isSearching &&
        (isFiltered ? <NothingFound onClear={() => void navigate({ search: {} })} /> : <NoneYet />)}
      {shown.length > 0 && (
        <>
          <Text size="sm" c="dimmed" role="status">
            {shown.length === total
              ? counted(total, "deployment")
              : `${shown.length} of ${counted(total, "deployment")}`}
          </Text>
          <DeploymentRows
            deployments={shown}
            environmentNames={environmentNames}
            onEnd={() => {
              if (list.hasMore && !isReadingMore) readMore();
            }}
          />
        </>
      )}
    </Page>
  );
}

interface FiltersProps {
  filters: ListFilters;
  environments: { value: string; label: string }[];
  onChange(part: ListFilters): void;
}

function Filters({ filters, environments, onChange }: FiltersProps) {
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([["/", () => search.current?.focus()]]);
  return (
    <Group gap="sm" align="flex-end">
      <TextInput
        ref={search}
        label="Search"
        placeholder="Name or id ( / )"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filters.q ?? ""}
        onChange={(event) => onChange({ q: event.currentTarget.value })}
        flex={{ base: "1 1 100%", sm: "1 1 240px" }}
      />
      <NativeSelect
        label="Status"
        data={[any, ...statuses]}
        value={filters.status ?? ""}
        onChange={({ currentTarget: { value } }) => onChange({ status: statuses.find((name) => name === value) })}
      />
      <NativeSelect
        label="App"
        data={[any, ...appTypes]}
        value={filters.app ?? ""}
        onChange={({ currentTarget: { value } }) => onChange({ app: appTypes.find((name) => name === value) })}
      />
      <NativeSelect
        label="Environment"
        data={[any, ...environments]}
        value={filters.environment ?? ""}
        onChange={({ currentTarget: { value } }) => onChange({ environment: value === "" ? undefined : value })}
      />
      <Switch
        label="with destroyed"
        checked={filters.destroyed ?? false}
        onChange={(event) => onChange({ destroyed: event.currentTarget.checked || undefined })}
        mb={8}
      />
    </Group>
  );
}

function NothingFound({ onClear }: { onClear(): void }) {
  return (
    <Empty
      title="Nothing matches"
      action={
        <Button variant="default" onClick={onClear}>
          Clear the filters
        </Button>
      }
    >
      No deployment fits these filters.
    </Empty>
  );
}

function NoneYet() {
  const { may } = useCaller();
  return (
    <Empty
      title="No deployments yet"
      action={
        may("deployments:write") && (
          <Button component={Link} to="/deployments/new">
            Create the first one
          </Button>
        )
      }
    >
      A deployment is a whole Superset or Airflow with a database and an address of its own. From a terminal:
      <Group justify="center" mt="xs">
        <Copyable text='./onvera deploy superset --name "My Superset"' what="the command" />
      </Group>
    </Empty>
  );
}
