/** Asks a person to come: an address, a role, and a link that is shown once. */
import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Failure } from "../shared/states.tsx";
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate(undefined);
  };
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
    <form onSubmit={submit}>
      <Stack>
        {invite.error && <Failure error={invite.error} />}
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
          No mail is sent: you are given a link to pass on.
        </Text>
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending} disabled={email.trim() === ""}>
            Invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
