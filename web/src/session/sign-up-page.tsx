/** An account of one's own with an organization of one's own, where the service lets strangers in; else how to come in. */
import { Anchor, Button, PasswordInput, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../api/query-keys.ts";
import { Failure, Loading } from "../shared/states.tsx";
import { EntryCard } from "./entry-card.tsx";
import { signUp, signUpMode } from "./session.ts";

export const SIGN_UP_PATH = "/sign-up";

export function SignUpPage() {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [organization, setOrganization] = useState("");
  const [password, setPassword] = useState("");
  const mode = useQuery({ queryKey: keys.signUpMode, queryFn: signUpMode });
  const signingUp = useMutation({
    mutationFn: () => signUp({ email, name: name.trim(), organization: organization.trim(), password }),
    onSuccess: () => location.replace("/"),
  });
  const isOpen = mode.data === "open";
  return (
    <EntryCard
      title={mode.data === "invite-only" ? "By invitation" : "Make an account"}
      intro={
        mode.data === "invite-only" ? "Nobody makes an account here on their own." : "With an organization of your own."
      }
      refused="No account was made"
      error={signingUp.error}
      onSubmit={() => signingUp.mutate()}
    >
      {mode.isPending && <Loading rows={4} />}
      {mode.error && <Failure error={mode.error} onRetry={() => void mode.refetch()} />}
      {mode.data === "invite-only" && (
        <Text size="sm">
          Ask an admin of your organization to invite you: they give you a link, and the link leads in.
        </Text>
      )}
      {isOpen && (
        <>
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <TextInput
            label="Your name"
            autoComplete="name"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="Organization"
            description="Named after you, when left empty."
            autoComplete="organization"
            value={organization}
            onChange={(event) => setOrganization(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            description="At least 12 characters."
            autoComplete="new-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={signingUp.isPending}>
            Make the account
          </Button>
        </>
      )}
      <Anchor href="/" size="sm">
        To the sign-in
      </Anchor>
    </EntryCard>
  );
}
