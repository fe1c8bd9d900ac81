/** One webhook: its state, and what was sent with the answers. */
import { Alert, Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { DeliveryTable } from "./delivery-table.tsx";
import { Secret, stateOf } from "./webhooks-page.tsx";

const route = getRouteApi("/webhooks/$id");

export function WebhookPage() {
  const { id } = route.useParams();
  const { may } = useCaller();
  const navigate = useNavigate();
  const params = { path: { webhook_id: id } };
  const webhook = useQuery({
    queryKey: keys.webhook(id),
    queryFn: () => dataOf(api.GET("/api/v1/webhooks/{webhook_id}", { params })),
  });
  const renew = () => {
    void queryClient.invalidateQueries({ queryKey: keys.webhooks });
    void queryClient.invalidateQueries({ queryKey: keys.webhook(id) });
    void queryClient.invalidateQueries({ queryKey: keys.webhookDeliveries(id) });
  };
  const test = useMutation({
    mutationFn: () =>
      dataOf(api.POST("/api/v1/webhooks/{webhook_id}/test", { params: { ...params, header: idempotent() } })),
    onSuccess: renew,
  });
  const change = useMutation({
    mutationFn: (enabled: boolean) => dataOf(api.PATCH("/api/v1/webhooks/{webhook_id}", { params, body: { enabled } })),
    onSuccess: renew,
  });
  const rotate = useMutation({
    mutationFn: () =>
      dataOf(api.POST("/api/v1/webhooks/{webhook_id}/rotate-secret", { params: { ...params, header: idempotent() } })),
  });
  const remove = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/webhooks/{webhook_id}", { params })),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: keys.webhooks });
      void navigate({ to: "/webhooks" });
    },
  });
  const failed = [test, change, rotate, remove].find(({ error }) => error !== null);
  if (webhook.error) return <Failure error={webhook.error} onRetry={() => void webhook.refetch()} />;
  if (!webhook.data) return <Loading />;
  const { url, description, events, enabled, disabled_reason: reason, failing_since: failing } = webhook.data;
  return (
    <Page
      title={description || new URL(url).host}
      beside={<StateBadge state={stateOf(webhook.data)} />}
      crumbs={[{ label: "Webhooks", to: "/webhooks" }]}
      actions={
        may("webhooks:write") && (
          <Group gap="xs">
            <Button
              variant="default"
              size="xs"
              onClick={() => test.mutate()}
              loading={test.isPending}
              disabled={!enabled}
            >
              Send a test
            </Button>
            <Button variant="default" size="xs" onClick={() => change.mutate(!enabled)} loading={change.isPending}>
              {enabled ? "Switch off" : "Switch on"}
            </Button>
            <SureButton
              label="New secret"
              sure="Replace the secret"
              onSure={() => rotate.mutate()}
              isBusy={rotate.isPending}
            />
            <SureButton
              label="Delete"
              sure="Delete with its log"
              onSure={() => remove.mutate()}
              isBusy={remove.isPending}
            />
          </Group>
        )
      }
    >
      {failed && <Failure error={failed.error} />}
      {reason && (
        <Alert color="yellow" title="Switched off">
          {reason} Nothing is sent until it is switched on again.
        </Alert>
      )}
      {enabled && failing && (
        <Alert color="yellow" title="Failing">
          It has taken nothing since {new Date(failing).toLocaleString()}. After five days it is switched off.
        </Alert>
      )}
      <Stack gap={4}>
        <Text size="sm">
          Address: <Code>{url}</Code>
        </Text>
        <Text size="sm">Events: {events.join(", ") || "all"}</Text>
      </Stack>
      <DeliveryTable webhookId={id} canSend={may("webhooks:write") && enabled} />
      <Modal opened={rotate.data !== undefined} onClose={() => rotate.reset()} title="New secret">
        {rotate.data && <Secret secret={rotate.data.secret} />}
        <Text size="sm" mt="sm">
          The one before stays good for 24 hours.
        </Text>
      </Modal>
    </Page>
  );
}
