/** Where an invitation's link leads: a password, chosen or known, and one is in. */
import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { messageOf } from "../api/problem.ts";
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    joining.mutate();
  };
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w="100%" maw={400} shadow="sm">
        <form onSubmit={submit}>
          <Stack>
            <div>
              <Title order={1} size="h2">
                You are invited
              </Title>
              <Text c="dimmed" size="sm">
                New here? Choose a password. Known here already? Give the one you have.
              </Text>
            </div>
            {joining.error && (
              <Alert color="red" role="alert" title="Not joined">
                {messageOf(joining.error)}
              </Alert>
            )}
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
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
