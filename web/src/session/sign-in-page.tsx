/** Sign-in with email and password. */
import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { messageOf } from "../api/problem.ts";
import { signIn } from "./session.ts";

export function SignInPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signingIn = useMutation({ mutationFn: () => signIn(email, password) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signingIn.mutate();
  };
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w="100%" maw={400} shadow="sm">
        <form onSubmit={submit}>
          <Stack>
            <div>
              <Title order={1} size="h2">
                Onvera
              </Title>
              <Text c="dimmed" size="sm">
                Managed Airflow and Superset, where you want them.
              </Text>
            </div>
            {signingIn.error && (
              <Alert color="red" role="alert" title="Not signed in">
                {messageOf(signingIn.error)}
              </Alert>
            )}
            <TextInput
              label="Email"
              type="email"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" loading={signingIn.isPending}>
              Sign in
            </Button>
            <Text c="dimmed" size="xs">
              On the machine that runs the control plane, <Code>./onvera status</Code> names the file with the first
              administrator's password.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
