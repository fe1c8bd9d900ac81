/** Asks a person to come: an address, a role, and a link that is shown once. */
import { Alert, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import { Copyable } from "../shared/copyable.tsx";
import { FormShell } from "../shared/form-shell.tsx";
import { useMemberChange } from "./queries.ts";
import { isRole, type Role, rolesUpTo } from "./roles.ts";

export function InviteForm({ callerRole }: { callerRole: Role | null }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const invite = useMemberChange(() =>
    dataOf(
      api.POST("/api/v1/invitations", {
        params: { header: idempotent() },
        body: { email: email.trim(), role, expires_in_days: 7 },
      }),
    ),
  );
  if (invite.data?.token === null) {
    return (
      <Alert color="teal">A mail with a link is on its way to {invite.data.email}. It works once, for a week.</Alert>
    );
  }
  if (invite.data) {
    return (
      <Stack>
        <Alert color="yellow" title="Shown this once">
          Give this link to {invite.data.email}. It works once, for a week.
        </Alert>
        <Copyable text={`${location.origin}/join#${invite.data.token}`} what="the link" />
      </Stack>
    );
  }
  return (
    <FormShell sending={invite} submit="Invite" isComplete={email.trim() !== ""}>
      <TextInput
        label="Email"
        type="email"
        required
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        data-autofocus
      />
      <NativeSelect
        label="Role"
        description="At most your own."
        data={rolesUpTo(callerRole)}
        value={role}
        onChange={({ currentTarget: { value } }) => isRole(value) && setRole(value)}
      />
      <Text size="xs" c="dimmed">
        Where this installation sends no mail, you are given a link to pass on.
      </Text>
    </FormShell>
  );
}
