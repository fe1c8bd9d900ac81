/** Sign-in with email and password. */
import { Anchor, Button, Code, PasswordInput, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { EntryCard } from "./entry-card.tsx";
import { signIn } from "./session.ts";
import { SIGN_UP_PATH } from "./sign-up-page.tsx";
import { SSO_PATH } from "./sso-pages.tsx";

export function SignInPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signingIn = useMutation({ mutationFn: () => signIn(email, password) });
  return (
    <EntryCard
      title="Onvera"
      intro="Managed Airflow and Superset, where you want them."
      refused="Not signed in"
      error={signingIn.error}
      onSubmit={() => signingIn.mutate()}
    >
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
      <Anchor href={`${SSO_PATH}?next=${encodeURIComponent(location.pathname)}`} size="sm">
        Sign in with SSO
      </Anchor>
      <Anchor href={SIGN_UP_PATH} size="sm">
        No account yet?
      </Anchor>
      <Text c="dimmed" size="xs">
        On the machine that runs the control plane, <Code>./onvera status</Code> names the file with the first
        administrator's password.
      </Text>
    </EntryCard>
  );
}
