/** The organization's own identity provider: its settings, and whether it gives all that a sign-in needs. */
import { Alert, Button, Group, List, Loader, Select, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ProjectRole, projectRoles } from "../../../src/domain/membership.ts";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { Sso } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { Copyable } from "../shared/copyable.tsx";
import { FormShell } from "../shared/form-shell.tsx";
import { Page } from "../shared/page.tsx";
import { Failure } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";

const NOBODY = "nobody";

export function SsoPage() {
  const { caller } = useCaller();
  const settings = useQuery({ queryKey: keys.sso, queryFn: () => dataOf(api.GET("/api/v1/sso")) });
  const isOwner = caller?.role === "owner";
  const renew = () => void queryClient.invalidateQueries({ queryKey: keys.sso });
  const test = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/sso/test", { params: { header: idempotent() } })),
  });
  const remove = useMutation({ mutationFn: () => dataOf(api.DELETE("/api/v1/sso")), onSuccess: renew });
  const isSet = settings.data != null;
  return (
    <Page
      title="Single sign-on"
      actions={
        isOwner &&
        isSet && (
          <>
            <Button size="xs" variant="default" onClick={() => test.mutate()} loading={test.isPending}>
              Test
            </Button>
            <SureButton label="Remove" sure="Remove" onSure={() => remove.mutate()} isBusy={remove.isPending} />
          </>
        )
      }
    >
      <Text size="sm" c="dimmed" maw={640}>
        Members sign in by your own OpenID provider. Register this installation there with the redirect address:
      </Text>
      <Copyable text={`${location.origin}/sso/callback`} what="the redirect address" />
      {[settings, test, remove].map(({ error }, at) => error && <Failure key={String(at)} error={error} />)}
      {test.data && (
        <Alert color={test.data.ok ? "teal" : "red"} title={test.data.ok ? "All is there" : "Something is missing"}>
          <List size="sm">
            {test.data.checks.map(({ name, ok, detail }) => (
              <List.Item key={name}>
                {ok ? "✓" : "✗"} {name}: {detail}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {settings.isPending && <Loader aria-label="Loading" />}
      {settings.isSuccess && isOwner && (
        <SettingsForm key={settings.data?.updated_at} current={settings.data} onSaved={renew} />
      )}
      {settings.isSuccess && !isOwner && (
        <Text>{isSet ? settings.data?.issuer : "None is set."} Only owners change this.</Text>
      )}
    </Page>
  );
}

function SettingsForm({ current, onSaved }: { current: Sso | null; onSaved(): void }) {
  const [issuer, setIssuer] = useState(current?.issuer ?? "");
  const [clientId, setClientId] = useState(current?.client_id ?? "");
  const [secret, setSecret] = useState("");
  const [claim, setClaim] = useState(current?.group_claim ?? "groups");
  const [groups, setGroups] = useState(
    (current?.group_roles ?? []).map(({ group, role }) => `${group} = ${role}`).join("\n"),
  );
  const [fallback, setFallback] = useState<string>(current ? (current.default_role ?? NOBODY) : "viewer");
  const [isJustInTime, setJustInTime] = useState(current?.just_in_time ?? true);
  const [isOnly, setOnly] = useState(current?.sso_only ?? false);
  const save = useMutation({
    mutationFn: () =>
      dataOf(
        api.PUT("/api/v1/sso", {
          body: {
            issuer: issuer.trim(),
            client_id: clientId.trim(),
            ...(secret !== "" && { client_secret: secret }),
            scopes: current?.scopes ?? ["openid", "email", "profile"],
            group_claim: claim.trim(),
            group_roles: readGroups(groups),
            default_role: projectRoles.find((role) => role === fallback) ?? null,
            just_in_time: isJustInTime,
            sso_only: isOnly,
          },
        }),
      ),
    onSuccess: onSaved,
  });
  return (
    <Stack maw={560}>
      <FormShell sending={save} submit="Check and save" isComplete={issuer.trim() !== "" && clientId.trim() !== ""}>
        <TextInput
          label="Issuer"
          type="url"
          required
          value={issuer}
          onChange={(event) => setIssuer(event.currentTarget.value)}
        />
        <Group grow align="end">
          <TextInput
            label="Client id"
            required
            value={clientId}
            onChange={(event) => setClientId(event.currentTarget.value)}
          />
          <TextInput
            label="Client secret"
            type="password"
            autoComplete="off"
            placeholder={current?.has_client_secret ? "stored" : "none"}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
        </Group>
        <TextInput
          label="Claim with the groups"
          value={claim}
          onChange={(event) => setClaim(event.currentTarget.value)}
        />
        <Textarea
          label="Roles of groups"
          description="One on each line: group = viewer, developer or admin. The highest counts, at each sign-in."
          autosize
          minRows={2}
          value={groups}
          onChange={(event) => setGroups(event.currentTarget.value)}
        />
        <Select
          label="Everybody else is"
          data={[{ value: NOBODY, label: "not let in" }, ...projectRoles]}
          value={fallback}
          onChange={(value) => setFallback(value ?? NOBODY)}
          allowDeselect={false}
        />
        <Switch
          label="Who comes for the first time becomes a member"
          checked={isJustInTime}
          onChange={(event) => setJustInTime(event.currentTarget.checked)}
        />
        <Switch
          label="Members sign in by the provider only; owners keep their password"
          checked={isOnly}
          onChange={(event) => setOnly(event.currentTarget.checked)}
        />
      </FormShell>
    </Stack>
  );
}

/** @throws Error naming the line that is no group and role */
function readGroups(text: string): { group: string; role: ProjectRole }[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [, group = "", name] = /^\s*(.+?)\s*=\s*(\w+)\s*$/.exec(line) ?? [];
    const role = projectRoles.find((known) => known === name);
    if (role === undefined) throw new Error(`'${line.trim()}' is no group and role. Write: group = developer`);
    return { group, role };
  });
}
