/** Shows the sign-in page until somebody is signed in, and the pages after. */
import { Center, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { startLive } from "../api/live.ts";
import { queryClient } from "../api/query-client.ts";
import { JOIN_PATH, JoinPage } from "./join-page.tsx";
import { accessToken, sessionStore } from "./session.ts";
import { SignInPage } from "./sign-in-page.tsx";

export function SessionGate({ children }: { children: ReactNode }) {
  const isJoining = location.pathname === JOIN_PATH;
  const { status } = useSyncExternalStore(sessionStore.subscribe, sessionStore.snapshot);
  useEffect(() => {
    if (isJoining) return;
    if (status === "unknown") accessToken().catch(() => undefined);
    if (status === "signed-out") queryClient.clear();
    return status === "signed-in" ? startLive() : undefined;
  }, [status, isJoining]);
  if (isJoining) return <JoinPage />;
  if (status === "unknown") {
    return (
      <Center h="100vh">
        <Loader aria-label="Loading" />
      </Center>
    );
  }
  return status === "signed-out" ? <SignInPage /> : children;
}
