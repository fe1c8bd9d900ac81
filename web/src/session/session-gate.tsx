/** Shows the sign-in page until somebody is signed in, and the pages after. */
import { Center, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { startLive } from "../api/live.ts";
import { queryClient } from "../api/query-client.ts";
import { JOIN_PATH, JoinPage } from "./join-page.tsx";
import { accessToken, sessionStore } from "./session.ts";
import { SignInPage } from "./sign-in-page.tsx";
import { SIGN_UP_PATH, SignUpPage } from "./sign-up-page.tsx";
import { SSO_CALLBACK_PATH, SSO_PATH, SsoCallbackPage, SsoPage } from "./sso-pages.tsx";

/** Pages for people who are not signed in; whoever is, need not come here. */
const entrances: Readonly<Record<string, () => ReactNode>> = {
  [JOIN_PATH]: JoinPage,
  [SIGN_UP_PATH]: SignUpPage,
  [SSO_PATH]: SsoPage,
  [SSO_CALLBACK_PATH]: SsoCallbackPage,
};

export function SessionGate({ children }: { children: ReactNode }) {
  const Entrance = entrances[location.pathname];
  const isEntering = Entrance !== undefined;
  const { status } = useSyncExternalStore(sessionStore.subscribe, sessionStore.snapshot);
  useEffect(() => {
    if (isEntering) return;
    if (status === "unknown") accessToken().catch(() => undefined);
    if (status === "signed-out") queryClient.clear();
    return status === "signed-in" ? startLive() : undefined;
  }, [status, isEntering]);
  if (Entrance) return <Entrance />;
  if (status === "unknown") {
    return (
      <Center h="100vh">
        <Loader aria-label="Loading" />
      </Center>
    );
  }
  return status === "signed-out" ? <SignInPage /> : children;
}
