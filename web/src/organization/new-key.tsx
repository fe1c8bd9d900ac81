/** Makes an API key, of one's own or of a service account, and shows it this once. */
import { Alert, Code, MultiSelect, Select, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { useCaller } from "../session/use-caller.ts";
import { Copyable } from "../shared/copyable.tsx";
import { FormShell } from "../shared/form-shell.tsx";
import { NameInput } from "../shared/name-input.tsx";

const DAY_MILLISECONDS = 86_400_000;
const lifetimes = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "0", label: "no expiry" },
];

/** @param accountId whose key it will be; one's own when left out */
export function NewKey({ accountId }: { accountId?: string }) {
  const { caller } = useCaller();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState("90");
  const create = useMutation({
    mutationFn: () => {
      const expiry =
        days === "0" ? {} : { expires_at: new Date(Date.now() + Number(days) * DAY_MILLISECONDS).toISOString() };
      const chosen = caller?.scopes.filter((scope) => scopes.includes(scope)) ?? [];
      const body = { name, ...expiry, ...(chosen.length > 0 && { scopes: chosen }) };
      const header = idempotent();
      if (accountId === undefined) return dataOf(api.POST("/api/v1/api-keys", { params: { header }, body }));
      const params = { header, path: { service_account_id: accountId } };
      return dataOf(api.POST("/api/v1/service-accounts/{service_account_id}/keys", { params, body }));
    },
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: keys.apiKeys });
      void queryClient.invalidateQueries({ queryKey: keys.serviceAccounts });
    },
  });
  if (create.data) return <KeyShown text={create.data.key} />;
  return (
    <FormShell sending={create} submit="Create key" isComplete={name.trim() !== ""}>
      <NameInput value={name} onChange={setName} />
      <MultiSelect
        label="Scopes"
        description={
          accountId === undefined
            ? "All that you may do, when none is chosen."
            : "All that the account may do, when none is chosen."
        }
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
    </FormShell>
  );
}

/** A key that nobody can read later. */
export function KeyShown({ text }: { text: string }) {
  return (
    <Stack>
      <Alert color="yellow" title="Shown this once">
        Copy it now; only its hash is kept.
      </Alert>
      <Copyable text={text} what="the key" />
      <Text size="sm">
        In a terminal: <Code>onvera auth login --key</Code>
      </Text>
    </Stack>
  );
}
