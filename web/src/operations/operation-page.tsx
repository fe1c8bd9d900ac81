/** One operation: where it stands, what it touched, what it said, how it ended; live until it is over. */
import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import { follow } from "../api/live.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { Operation, OperationEvent } from "../api/types.ts";
import { ResourceName } from "../deployments/resource-name.tsx";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Copyable } from "../shared/copyable.tsx";
import { Facts } from "../shared/facts.tsx";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { duration, useNow, When } from "../shared/when.tsx";
import { originWords } from "../shared/words.ts";
import { ErrorCard } from "./error-card.tsx";
import { EventLog } from "./event-log.tsx";
import { PhaseTimeline } from "./phase-timeline.tsx";
import { PlanView } from "./plan-view.tsx";
import { StepTable } from "./step-table.tsx";
import { isOver, nowWords, operationWords } from "./words.ts";

const route = getRouteApi("/operations/$id");
const PLACE_MILLISECONDS = 2000;
const none: OperationEvent[] = [];

export function OperationPage() {
  const { id } = route.useParams();
  const operation = useQuery({
    queryKey: keys.operation(id),
    queryFn: () => dataOf(api.GET("/api/v1/operations/{operation_id}", { params: { path: { operation_id: id } } })),
    // A place in the queue moves without a record of the operation's own.
    refetchInterval: ({ state }) => (state.data?.status === "queued" ? PLACE_MILLISECONDS : false),
  });
  // Filled by the stream alone; the key stands here so that the page is drawn anew with each record.
  const { data: events = none } = useQuery<OperationEvent[]>({
    queryKey: keys.operationEvents(id),
    queryFn: skipToken,
  });
  useEffect(() => follow(id), [id]);
  if (operation.error) return <Failure error={operation.error} onRetry={() => void operation.refetch()} />;
  if (!operation.data) return <Loading />;
  return <OperationView operation={operation.data} events={events} />;
}

function OperationView({ operation, events }: { operation: Operation; events: OperationEvent[] }) {
  const { id, type, status, resource_id: resourceId, requested_by: requester, error } = operation;
  return (
    <Page
      title={operationWords(type)}
      beside={<StateBadge state={status} />}
      crumbs={[{ label: "Operations", to: "/operations" }]}
      actions={<CancelButton operation={operation} />}
    >
      {error && <ErrorCard error={error} operation={operation} />}
      <Paper withBorder p="md">
        <Stack>
          <PhaseTimeline operation={operation} events={events} />
          <Facts
            items={[
              ["Deployment", <ResourceName key="resource" id={resourceId} />],
              [
                isOver(operation) ? "Came as far as" : "Now",
                <span key="now" role="status">
                  {nowWords(operation)}
                </span>,
              ],
              ["Time", <Elapsed key="time" operation={operation} />],
              ["Asked for by", `${requester.name}, ${originWords(operation.origin)}`],
              ["Asked for", <When key="asked" at={operation.requested_at} size="sm" />],
              ["Attempt", operation.attempt],
              ["Id", <Copyable key="id" text={id} what="the operation's id" />],
              ["In a terminal", <Copyable key="cli" text={`onvera ops wait ${id}`} what="the command" />],
            ]}
          />
        </Stack>
      </Paper>
      {type === "deployment.plan" && operation.result && <PlanView result={operation.result} />}
      <StepTable events={events} />
      <EventLog events={events} />
    </Page>
  );
}

function Elapsed({
  operation: { requested_at: requested, started_at: started, ended_at: ended },
}: {
  operation: Operation;
}) {
  const now = useNow(ended === null ? 1000 : false);
  if (started === null) return <>{`waiting for ${duration(now - Date.parse(requested))}`}</>;
  const took = duration((ended === null ? now : Date.parse(ended)) - Date.parse(started));
  const waited = Date.parse(started) - Date.parse(requested);
  return <>{waited < 1000 ? took : `${took}, after waiting ${duration(waited)}`}</>;
}

function CancelButton({ operation }: { operation: Operation }) {
  const { may } = useCaller();
  const cancel = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/api/v1/operations/{operation_id}/cancel", {
          params: { path: { operation_id: operation.id }, header: idempotent() },
        }),
      ),
    onSuccess: (canceled) => queryClient.setQueryData(keys.operation(operation.id), canceled),
  });
  if (isOver(operation) || !may("operations:write")) return null;
  const isAsked = operation.cancel_requested_at !== null;
  return (
    <Group gap="xs">
      {cancel.error && (
        <Text size="sm" c="red" role="alert">
          {cancel.error.message}
        </Text>
      )}
      <Button variant="default" onClick={() => cancel.mutate()} loading={cancel.isPending} disabled={isAsked}>
        {isAsked ? "Canceling…" : "Cancel"}
      </Button>
    </Group>
  );
}
