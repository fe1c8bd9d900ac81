/** Keys for the command line and for programs: shown once, scoped, revocable. */
import { Alert, Button, Code, Group, Modal, MultiSelect, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { ApiKey } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Copyable } from "../shared/copyable.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty, Failure } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { When } from "../shared/when.tsx";

export function ApiKeysPage() {
  const [isOpen, { open, close }] = useDisclosure();
  const { may } = useCaller();
  const list = useQuery({
    queryKey: keys.apiKeys,
    queryFn: () => dataOf(api.GET("/api/v1/api-keys", { params: { query: { per_page: 100 } } })),
  });
  return (
    <Page
      title="API keys"
      actions={
        may("keys:write") && (
          <Button onClick={open} leftSection={<IconPlus size={16} aria-hidden />}>
            New key
          </Button>
        )
      }
    >
      <Listed
        query={list}
        items={list.data?.items}
        empty={
          <Empty title="No keys">
            Programs and the command line act by a key. Make one above, or sign in from a terminal, which makes its own:
            <Group justify="center" mt="xs">
              <Copyable text="onvera auth login" what="the command" />
            </Group>
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable
            isFramed
            label="API keys"
            columns={["Name", "Key", "State", "Scopes", "Last used", "Expires", ""]}
          >
            {items.map((key) => (
              <KeyRow key={key.id} apiKey={key} canRevoke={may("keys:write")} />
            ))}
          </ScrollTable>
        )}
      </Listed>
      <Modal opened={isOpen} onClose={close} title="New API key">
        <NewKey />
      </Modal>
    </Page>
  );
}

function KeyRow({ apiKey, canRevoke }: { apiKey: ApiKey; canRevoke: boolean }) {
  const { id, name, hint, status, scopes, last_used_at: lastUsed, expires_at: expires } = apiKey;
  const revoke = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/api-keys/{api_key_id}", { params: { path: { api_key_id: id } } })),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: keys.apiKeys }),
  });
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td>
        <Code>{hint}</Code>
      </Table.Td>
      <Table.Td>
        <StateBadge state={status} />
      </Table.Td>
      <Table.Td title={scopes.join(", ")}>{scopes.length}</Table.Td>
      <Table.Td>
        <When at={lastUsed} size="sm" />
      </Table.Td>
      <Table.Td>
        <When at={expires} size="sm" />
      </Table.Td>
      <Table.Td ta="end">
        {canRevoke && status === "active" && (
          <SureButton label="Revoke" sure="Revoke for ever" onSure={() => revoke.mutate()} isBusy={revoke.isPending} />
        )}
      </Table.Td>
    </Table.Tr>
  );
}

const DAY_MILLISECONDS = 86_400_000;
const lifetimes = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "0", label: "no expiry" },
];

function NewKey() {
  const { caller } = useCaller();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState("90");
  const create = useMutation({
    mutationFn: () => {
      const expiry =
        days === "0" ? {} : { expires_at: new Date(Date.now() + Number(days) * DAY_MILLISECONDS).toISOString() };
      const chosen = caller?.scopes.filter((scope) => scopes.includes(scope)) ?? [];
      return dataOf(
        api.POST("/api/v1/api-keys", {
          params: { header: idempotent() },
          body: { name, ...expiry, ...(chosen.length > 0 && { scopes: chosen }) },
        }),
      );
    },
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: keys.apiKeys }),
  });
  if (create.data) {
    return (
      <Stack>
        <Alert color="yellow" title="Shown this once">
          Copy it now; only its hash is kept.
        </Alert>
        <Copyable text={create.data.key} what="the key" />
        <Text size="sm">
          In a terminal: <Code>onvera auth login --key</Code>
        </Text>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        {create.error && <Failure error={create.error} />}
        <TextInput
          label="Name"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <MultiSelect
          label="Scopes"
          description="All that you may do, when none is chosen."
          data={caller?.scopes ?? []}
          value={scopes}
          onChange={setScopes}
        />
        <Select
          label="Lives"
          data={lifetimes}
          value={days}
          onChange={(value) => setDays(value ?? "90")}
          allowDeselect={false}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
