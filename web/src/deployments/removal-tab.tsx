/** Protection, and the way out: destroying takes the name typed and says what is lost. */
import { Alert, Button, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import type { Deployment } from "../api/types.ts";
import { useChange } from "./changes.ts";

export function RemovalTab({ deployment }: { deployment: Deployment }) {
  return (
    <Stack>
      <Protection deployment={deployment} />
      <Destroy deployment={deployment} />
    </Stack>
  );
}

function Protection({ deployment: { id, name, protected: isProtected } }: { deployment: Deployment }) {
  const [typed, setTyped] = useState("");
  const change = useChange(
    async () => {
      const body = isProtected ? { protected: false, confirm_name: typed } : { protected: true };
      await dataOf(
        api.PATCH("/api/v1/deployments/{deployment_id}", {
          params: { path: { deployment_id: id } },
          body,
        }),
      );
      setTyped("");
      return { operation_id: null };
    },
    { open: false },
  );
  return (
    <Paper withBorder p="md">
      <Stack maw={560}>
        <Title order={2} size="h4">
          Protection
        </Title>
        <Text size="sm">
          {isProtected
            ? "It is protected: it cannot be destroyed. Type its name to take the protection off."
            : "A protected deployment cannot be destroyed, by nobody, until the protection is taken off."}
        </Text>
        {isProtected && <NameField name={name} value={typed} onChange={setTyped} label="Name, to unprotect" />}
        <Group>
          <Button
            variant="default"
            onClick={() => change.mutate(undefined)}
            disabled={isProtected && typed !== name}
            loading={change.isPending}
          >
            {isProtected ? "Unprotect" : "Protect"}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function Destroy({ deployment }: { deployment: Deployment }) {
  const { id, name, protected: isProtected, available_actions: actions } = deployment;
  const [typed, setTyped] = useState("");
  const path = { deployment_id: id };
  const plan = useChange(() =>
    dataOf(
      api.POST("/api/v1/deployments/{deployment_id}/plan", {
        params: { path, header: idempotent() },
        body: { destroy: true },
      }),
    ),
  );
  const destroy = useChange(() => dataOf(api.DELETE("/api/v1/deployments/{deployment_id}", { params: { path } })));
  return (
    <Paper withBorder p="md">
      <Stack maw={560}>
        <Title order={2} size="h4">
          Destroy
        </Title>
        <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="This cannot be undone">
          Everyone's access ends, the database with all its contents is removed, then everything else. A receipt stays
          that lists what was there and that it is gone.
        </Alert>
        {isProtected ? (
          <Text size="sm">It is protected. Take the protection off first.</Text>
        ) : (
          <NameField name={name} value={typed} onChange={setTyped} label="Name, to destroy" />
        )}
        <Group>
          <Button
            color="red"
            onClick={() => destroy.mutate(undefined)}
            disabled={isProtected || typed !== name || !actions.includes("destroy")}
            loading={destroy.isPending}
          >
            Destroy
          </Button>
          <Button
            variant="default"
            onClick={() => plan.mutate(undefined)}
            loading={plan.isPending}
            disabled={!actions.includes("plan")}
          >
            Show what would go
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

interface NameFieldProps {
  name: string;
  value: string;
  label: string;
  onChange(text: string): void;
}

const NameField = ({ name, value, label, onChange }: NameFieldProps) => (
  <TextInput
    label={label}
    placeholder={name}
    value={value}
    autoComplete="off"
    onChange={(event) => onChange(event.currentTarget.value)}
  />
);
