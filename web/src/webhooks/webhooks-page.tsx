/** Addresses that are told when operations end and health changes. */
import { Alert, Anchor, Button, Modal, MultiSelect, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type WebhookEvent, webhookEvents } from "../../../src/domain/webhook-events.ts";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { Webhook } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Copyable } from "../shared/copyable.tsx";
import { FormShell } from "../shared/form-shell.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";

/** The state of a webhook in one word. */
export const stateOf = ({ enabled, failing_since: failing }: Webhook): string =>
  enabled ? (failing === null ? "active" : "failing") : "disabled";

export function WebhooksPage() {
  const [isOpen, { open, close }] = useDisclosure();
  const { may } = useCaller();
  const list = useQuery({
    queryKey: keys.webhooks,
    queryFn: () => dataOf(api.GET("/api/v1/webhooks", { params: { query: { per_page: 100 } } })),
  });
  return (
    <Page
      title="Webhooks"
      actions={
        may("webhooks:write") && (
          <Button onClick={open} leftSection={<IconPlus size={16} aria-hidden />}>
            New webhook
          </Button>
        )
      }
    >
      <Listed
        query={list}
        items={list.data?.items}
        empty={
          <Empty title="No webhooks">
            A webhook tells another program when an operation ends or a deployment's health changes.
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable label="Webhooks" columns={["Address", "State", "Events", "Description", "Created"]}>
            {items.map((webhook) => (
              <Table.Tr key={webhook.id}>
                <Table.Td>
                  <Anchor component={Link} to={`/webhooks/${webhook.id}`} size="sm">
                    {webhook.url}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <StateBadge state={stateOf(webhook)} />
                </Table.Td>
                <Table.Td>{webhook.events.join(", ") || "all"}</Table.Td>
                <Table.Td>{webhook.description}</Table.Td>
                <Table.Td>
                  <When at={webhook.created_at} size="sm" />
                </Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Listed>
      <Modal opened={isOpen} onClose={close} title="New webhook">
        <NewWebhook />
      </Modal>
    </Page>
  );
}

function NewWebhook() {
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState<string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/api/v1/webhooks", {
          params: { header: idempotent() },
          body: { url, description, events: events as WebhookEvent[] },
        }),
      ),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: keys.webhooks }),
  });
  if (create.data) return <Secret secret={create.data.secret} />;
  return (
    <FormShell sending={create} submit="Create webhook" isComplete={url.trim() !== ""}>
      <TextInput
        label="Address"
        description="https, outside of private networks"
        required
        type="url"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="Description"
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <MultiSelect
        label="Events"
        description="All of them, when none is chosen."
        data={webhookEvents}
        value={events}
        onChange={setEvents}
      />
    </FormShell>
  );
}

/** A secret, which is shown once. */
export function Secret({ secret }: { secret: string }) {
  return (
    <Stack>
      <Alert color="yellow" title="Shown this once">
        Copy it now; nobody can read it later.
      </Alert>
      <Copyable text={secret} what="the secret" />
      <Text size="sm">
        It signs what is sent, as Standard Webhooks say; most languages have a library that checks it.
      </Text>
    </Stack>
  );
}
