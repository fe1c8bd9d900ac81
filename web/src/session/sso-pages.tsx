/** Signing in by an organization's own provider: which one, and coming back from it. */
import { Anchor, Button, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { EntryCard } from "./entry-card.tsx";
import { beginSso, finishSso } from "./session.ts";

export const SSO_PATH = "/sso";
export const SSO_CALLBACK_PATH = "/sso/callback";
/** Where the person wanted to go, for when they are back in this tab. */
const NEXT = "onvera next";

/** A path of this dashboard, whatever stood in the address. */
const safePath = (text: string | null): string => (text !== null && /^\/[\w-]/.test(text) ? text : "/");

export function SsoPage() {
  const [who, setWho] = useState("");
  const begin = useMutation({
    mutationFn: async () => {
      const { authorization_url: address } = await beginSso(who.trim());
      sessionStorage.setItem(NEXT, safePath(new URLSearchParams(location.search).get("next")));
      location.assign(address);
    },
  });
  return (
    <EntryCard
      title="Sign in with SSO"
      intro="By your organization's own identity provider."
      refused="Not signed in"
      error={begin.error}
      onSubmit={() => begin.mutate()}
    >
      <TextInput
        label="Organization or email"
        description="The organization's short name; your address, if you have been here before."
        required
        autoFocus
        value={who}
        onChange={(event) => setWho(event.currentTarget.value)}
      />
      <Button type="submit" loading={begin.isPending} disabled={who.trim() === ""}>
        Go on
      </Button>
      <Anchor href="/" size="sm">
        Sign in with a password
      </Anchor>
    </EntryCard>
  );
}

/** A sign-in is finished once, also where the page is drawn twice. */
let finishing: Promise<void> | undefined;

export function SsoCallbackPage() {
  const finish = useMutation({
    mutationFn: () => {
      finishing ??= finishSso(location.search);
      return finishing;
    },
    onSuccess: () => location.replace(safePath(sessionStorage.getItem(NEXT))),
  });
  const { mutate } = finish;
  useEffect(() => mutate(), [mutate]);
  return (
    <EntryCard
      title="Signing in"
      intro="Your organization's identity provider has sent you back."
      refused="Not signed in"
      error={finish.error}
      onSubmit={() => location.assign(SSO_PATH)}
    >
      {finish.error ? <Button type="submit">Begin again</Button> : <Text size="sm">One moment…</Text>}
    </EntryCard>
  );
}
