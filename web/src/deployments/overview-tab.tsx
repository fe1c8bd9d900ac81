/** A deployment at a glance: what it is, how its processes are, how to sign in. */
import { Anchor, Button, Code, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import type { Deployment } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Copyable } from "../shared/copyable.tsx";
import { Facts } from "../shared/facts.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";
import { capitalized } from "../shared/words.ts";
import { useEnvironments, useHealth } from "./queries.ts";
import { ScaleControl } from "./scale-control.tsx";

const noAddress: Readonly<Record<Deployment["status"], string>> = {
  provisioning: "once it is ready",
  ready: "once it is ready",
  failed: "none: it never became ready",
  destroying: "no longer",
  destroyed: "no longer",
};

export function OverviewTab({ deployment }: { deployment: Deployment }) {
  const environments = useEnvironments();
  const environment = environments.data?.items.find(({ id }) => id === deployment.environment_id);
  const { id, app_type: app, url, settings, isolation_level: isolation, created_at: createdAt } = deployment;
  return (
    <Stack>
      <Paper withBorder p="md">
        <Facts
          items={[
            ["App", `${capitalized(app)} ${settings.version}`],
            ["Size", settings.size],
            ["Environment", `${environment?.name ?? "…"} (${isolation})`],
            [
              "Address",
              url ? (
                <Anchor key="url" href={url} target="_blank" rel="noreferrer" size="sm">
                  {url}
                </Anchor>
              ) : (
                noAddress[deployment.status]
              ),
            ],
            ["Created", <When key="created" at={createdAt} size="sm" />],
            ["Protected", deployment.protected ? "yes" : "no"],
            ["Id", <Copyable key="id" text={id} what="the deployment's id" />],
          ]}
        />
      </Paper>
      {deployment.status === "ready" && <Credentials id={id} />}
      {deployment.status === "ready" && <Processes deployment={deployment} />}
    </Stack>
  );
}

/** The administrator's password is shown on demand; each look is written into the audit log. */
function Credentials({ id }: { id: string }) {
  const { may } = useCaller();
  const reveal = useMutation({
    mutationFn: () =>
      dataOf(api.GET("/api/v1/deployments/{deployment_id}/credentials", { params: { path: { deployment_id: id } } })),
  });
  if (!may("credentials:read")) return null;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4" mb="xs">
        Sign-in to the app
      </Title>
      {reveal.error && <Failure error={reveal.error} />}
      {reveal.data ? (
        <Facts
          items={[
            ["User", <Copyable key="user" text={reveal.data.username} what="the user name" />],
            ["Password", <Copyable key="password" text={reveal.data.password} what="the password" />],
          ]}
        />
      ) : (
        <Group>
          <Button variant="default" size="xs" onClick={() => reveal.mutate()} loading={reveal.isPending}>
            Show the administrator's password
          </Button>
          <Text size="xs" c="dimmed">
            The audit log notes who looked.
          </Text>
        </Group>
      )}
    </Paper>
  );
}

function Processes({ deployment }: { deployment: Deployment }) {
  const health = useHealth(deployment.id, true);
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h4" mb="xs">
        Processes
      </Title>
      {health.error && <Failure error={health.error} />}
      {health.isPending && <Loading rows={3} />}
      {health.data && (
        <>
          <Text size="sm" mb="xs">
            Front door: {health.data.front_door.ok ? "answers" : "does not answer"}
            {health.data.front_door.detail ? ` (${health.data.front_door.detail})` : ""}
          </Text>
          <ScrollTable label="Processes" columns={["Process", "State", "Since", "Restarts", "Last exit", "Copies"]}>
            {health.data.processes.flatMap(({ name, wanted_replicas: wanted, replicas }) =>
              replicas.map(
                ({ replica, phase, started_at: startedAt, restarts, last_exit: lastExit, reason }, index) => (
                  <Table.Tr key={`${name} ${replica}`}>
                    <Table.Td>
                      {name}
                      {replicas.length > 1 ? ` #${replica}` : ""}
                    </Table.Td>
                    <Table.Td>
                      <StateBadge state={phase} />
                      {reason && (
                        <Text size="xs" c="dimmed">
                          {reason}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <When at={startedAt} size="sm" />
                    </Table.Td>
                    <Table.Td>{restarts}</Table.Td>
                    <Table.Td>{lastExit ? <Code>{lastExit}</Code> : ""}</Table.Td>
                    <Table.Td>
                      {index === 0 && <ScaleControl deployment={deployment} process={name} wanted={wanted} />}
                    </Table.Td>
                  </Table.Tr>
                ),
              ),
            )}
          </ScrollTable>
        </>
      )}
    </Paper>
  );
}
