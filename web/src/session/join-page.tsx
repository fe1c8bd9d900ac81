/** Where an invitation's link leads: a password, chosen or known, and one is in. */
import { Button, PasswordInput, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { EntryCard } from "./entry-card.tsx";
import { join } from "./session.ts";

export const JOIN_PATH = "/join";

export function JoinPage() {
  // After the #, so that it reaches no server's log.
  const [token] = useState(() => location.hash.slice(1));
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const joining = useMutation({
    mutationFn: () => join({ token, name: name.trim(), password }),
    onSuccess: () => location.replace("/"),
  });
  return (
    <EntryCard
      title="You are invited"
      intro="New here? Choose a password. Known here already? Give the one you have."
      refused="Not joined"
      error={joining.error}
      onSubmit={() => joining.mutate()}
    >
      <TextInput
        label="Your name"
        description="If you are new here."
        autoComplete="name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" loading={joining.isPending} disabled={token === ""}>
        Join
      </Button>
      {token === "" && (
        <Text size="xs" c="dimmed">
          This address holds no invitation. Open the link as you were given it.
        </Text>
      )}
    </EntryCard>
  );
}
