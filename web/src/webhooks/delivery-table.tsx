/** What was sent to a webhook: each delivery with its tries, and a way to send it again. */
import { Button, Code, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { WebhookDelivery } from "../api/types.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Listed } from "../shared/listed.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { When } from "../shared/when.tsx";

const LOOK_MILLISECONDS = 5_000;

export function DeliveryTable({ webhookId, canSend }: { webhookId: string; canSend: boolean }) {
  const list = useQuery({
    queryKey: keys.webhookDeliveries(webhookId),
    queryFn: () =>
      dataOf(
        api.GET("/api/v1/webhooks/{webhook_id}/deliveries", {
          params: { path: { webhook_id: webhookId }, query: { per_page: 50 } },
        }),
      ),
    refetchInterval: LOOK_MILLISECONDS,
  });
  return (
    <Stack>
      <Title order={2} size="h4">
        Deliveries
      </Title>
      <Listed
        query={list}
        items={list.data?.items}
        empty={
          <Text size="sm" c="dimmed">
            Nothing was sent yet.
          </Text>
        }
      >
        {(items) => (
          <ScrollTable label="Deliveries" columns={["When", "Event", "State", "Tries", "Last answer", "Next try", ""]}>
            {items.map((delivery) => (
              <DeliveryRow key={delivery.id} delivery={delivery} canSend={canSend} />
            ))}
          </ScrollTable>
        )}
      </Listed>
    </Stack>
  );
}

function DeliveryRow({ delivery, canSend }: { delivery: WebhookDelivery; canSend: boolean }) {
  const { id, webhook_id: webhookId, event, status, attempts, tries } = delivery;
  const last = tries.at(-1);
  const again = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", {
          params: { path: { webhook_id: webhookId, delivery_id: id }, header: idempotent() },
        }),
      ),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: keys.webhookDeliveries(webhookId) }),
  });
  return (
    <Table.Tr>
      <Table.Td>
        <When at={delivery.created_at} size="sm" />
      </Table.Td>
      <Table.Td>{event}</Table.Td>
      <Table.Td>
        <StateBadge state={status} />
      </Table.Td>
      <Table.Td>{attempts}</Table.Td>
      <Table.Td>
        {last && (
          <Text size="sm" lineClamp={2} title={last.response}>
            {last.error ?? (
              <>
                <Code>{last.status}</Code> in {last.milliseconds} ms {last.response}
              </>
            )}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {delivery.next_attempt_at ? <When at={delivery.next_attempt_at} size="sm" /> : <Text size="sm">none</Text>}
      </Table.Td>
      <Table.Td>
        {canSend && status !== "pending" && (
          <Button
            size="xs"
            variant="default"
            onClick={() => again.mutate()}
            loading={again.isPending}
            aria-label={`Send ${event} again`}
          >
            {again.error ? "Not sent; try again" : "Send again"}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
