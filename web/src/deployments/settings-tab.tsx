/** What can be changed of a deployment: seen first as a plan, then applied. */
import { Button, Code, Group, Input, Paper, Select, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import type { Deployment, DeploymentChanges } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { useChange } from "./changes.ts";
import { useApps } from "./queries.ts";

interface Draft {
  name: string;
  version: string;
  size: Deployment["settings"]["size"];
  requirements: string;
  /** NAME=value to set, NAME= … with nothing before the sign to leave; a bare NAME is removed. */
  variables: string;
}

const sizes = ["small", "medium", "large"] as const;
const nonEmpty = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** What differs from how it is, as the API takes it. */
function changesOf({ settings }: Deployment, draft: Draft): DeploymentChanges {
  const requirements = nonEmpty(draft.requirements);
  const variables = Object.fromEntries(
    nonEmpty(draft.variables).map((line): [string, string | null] => {
      const at = line.indexOf("=");
      return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  return {
    ...(draft.version !== settings.version && { version: draft.version }),
    ...(draft.size !== settings.size && { size: draft.size }),
    ...(requirements.join("\n") !== settings.requirements.join("\n") && { requirements }),
    ...(Object.keys(variables).length > 0 && { environment_variables: variables }),
  };
}

export function SettingsTab({ deployment }: { deployment: Deployment }) {
  const { id, settings, name, available_actions: actions } = deployment;
  const { may } = useCaller();
  const apps = useApps();
  const [draft, setDraft] = useState<Draft>({
    name,
    version: settings.version,
    size: settings.size,
    requirements: settings.requirements.join("\n"),
    variables: "",
  });
  const [isSent, setSent] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const changes = changesOf(deployment, draft);
  const isChanged = Object.keys(changes).length > 0 || draft.name !== name;
  useBlocker({ shouldBlockFn: () => isChanged && !isSent && !window.confirm("Leave without applying the changes?") });
  const path = { deployment_id: id };
  const plan = useChange(() => {
    setSent(true);
    return dataOf(
      api.POST("/api/v1/deployments/{deployment_id}/plan", {
        params: { path, header: idempotent() },
        body: { changes },
      }),
    );
  });
  const apply = useChange(async () => {
    setSent(true);
    const body = { ...changes, ...(draft.name !== name && { name: draft.name }) };
    const answer = await dataOf(api.PATCH("/api/v1/deployments/{deployment_id}", { params: { path }, body }));
    return { operation_id: "operation_id" in answer ? answer.operation_id : null };
  });
  const current = apps.data?.items
    .find(({ app_type: type }) => type === deployment.app_type)
    ?.versions.find(({ version }) => version === settings.version);
  const canChange = may("deployments:write") && actions.includes("update");
  return (
    <Paper withBorder p="md">
      <Stack maw={640}>
        <Title order={2} size="h4">
          Settings
        </Title>
        <TextInput
          label="Name"
          description="The address stays as it is."
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          disabled={!canChange}
        />
        <Group grow align="flex-start">
          <Select
            label="Version"
            description="Taken back by itself when it fails."
            data={[settings.version, ...(current?.updates_to ?? [])]}
            value={draft.version}
            onChange={(value) => change({ version: value ?? settings.version })}
            disabled={!canChange}
            allowDeselect={false}
          />
          <Select
            label="Size"
            description="Its processes restart one by one."
            data={[...sizes]}
            value={draft.size}
            onChange={(value) => change({ size: sizes.find((size) => size === value) ?? settings.size })}
            disabled={!canChange}
            allowDeselect={false}
          />
        </Group>
        <Textarea
          label="Extra Python packages"
          description="One requirement per line."
          autosize
          minRows={2}
          value={draft.requirements}
          onChange={(event) => change({ requirements: event.currentTarget.value })}
          disabled={!canChange}
        />
        <div>
          <Input.Label labelElement="div">Environment variables</Input.Label>
          <Text size="xs" c="dimmed" mb={4}>
            Set now: {Object.keys(settings.environment_variables).length === 0 && "none"}
            {Object.keys(settings.environment_variables).map((variable) => (
              <Code key={variable} mr={4}>
                {variable}
              </Code>
            ))}
          </Text>
          <Textarea
            aria-label="Changes of environment variables"
            placeholder={"NAME=value sets it\nNAME alone removes it"}
            autosize
            minRows={2}
            value={draft.variables}
            onChange={(event) => change({ variables: event.currentTarget.value })}
            disabled={!canChange}
          />
        </div>
        <Group>
          <Button onClick={() => apply.mutate(undefined)} disabled={!canChange || !isChanged} loading={apply.isPending}>
            Apply
          </Button>
          <Button
            variant="default"
            onClick={() => plan.mutate(undefined)}
            disabled={!canChange || Object.keys(changes).length === 0}
            loading={plan.isPending}
          >
            Plan only
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
