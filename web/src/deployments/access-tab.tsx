/** Who is to be in the deployment's app, and who is: members get there by themselves. */
import { Alert, Anchor, Button, Group, Stack, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { api, dataOf, idempotent } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { useToldChange } from "../api/told-change.ts";
import type { Deployment, DeploymentAccess } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Facts } from "../shared/facts.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";
import { useAppPeople } from "./queries.ts";

/** What a state of the whole means to whoever reads it; the others speak for themselves. */
const meanings: Partial<Record<DeploymentAccess["state"], string>> = {
  pending: "Members are carried in when the deployment is ready.",
  waits_for_start: "The app is stopped. What changed meanwhile is carried in when it starts.",
  closed: "The deployment lets nobody in any more.",
};

export function AccessTab({ deployment }: { deployment: Deployment }) {
  const { id } = deployment;
  const { may } = useCaller();
  const access = useAppPeople(id);
  const sync = useToldChange(
    () =>
      dataOf(
        api.POST("/api/v1/deployments/{deployment_id}/access/sync", {
          params: { path: { deployment_id: id }, header: idempotent() },
        }),
      ),
    [keys.deployment(id)],
  );
  if (access.error && !access.data) return <Failure error={access.error} onRetry={() => void access.refetch()} />;
  if (!access.data) return <Loading />;
  const { state, checked_at, next_sync_at, error, operation_id, items } = access.data;
  const canSync = may("deployments:write") && deployment.power_state === "running" && deployment.status === "ready";
  return (
    <Stack>
      <Group justify="space-between" align="flex-start">
        <Text size="sm" c="dimmed" maw={640}>
          {meanings[state] ?? "Members sign in with their role in Onvera; changes reach the app by themselves."}
        </Text>
        {canSync && (
          <Button
            size="xs"
            variant="default"
            onClick={() => sync.mutate(undefined)}
            loading={sync.isPending || operation_id !== null}
          >
            Compare now
          </Button>
        )}
      </Group>
      {error && (
        <Alert color="red" role="alert" title="The last comparison did not succeed">
          <Text size="sm">{error.message}</Text>
        </Alert>
      )}
      <Facts
        items={[
          ["State", <StateBadge key="state" state={state.replaceAll("_", " ")} />],
          ["Compared", <When key="checked" at={checked_at} size="sm" />],
          ["Again", next_sync_at === null ? "when something changes" : <When key="next" at={next_sync_at} size="sm" />],
        ]}
      />
      {operation_id !== null && (
        <Anchor component={Link} to={`/operations/${operation_id}`} size="sm">
          The comparison that is under way
        </Anchor>
      )}
      <ScrollTable label="People in the app" columns={["Person", "Wanted", "In the app", "State", "Since"]} isFramed>
        {items.map((person) => (
          <Table.Tr key={person.email}>
            <Table.Td>
              <Text size="sm">{person.name ?? person.email}</Text>
              {person.name !== null && (
                <Text size="xs" c="dimmed">
                  {person.email}
                </Text>
              )}
            </Table.Td>
            <Table.Td>{person.wanted_role ?? "nothing"}</Table.Td>
            <Table.Td>{person.actual_role ?? "nothing"}</Table.Td>
            <Table.Td>
              <StateBadge state={person.state} />
              {person.error !== null && <Text size="xs">{person.error}</Text>}
            </Table.Td>
            <Table.Td>{person.since === null ? "" : <When at={person.since} size="sm" />}</Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
    </Stack>
  );
}
