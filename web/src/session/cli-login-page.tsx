/** Where `onvera auth login` sends a person: what asks, its code, and letting it in or not. */
import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, dataOf } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { useCaller } from "./use-caller.ts";

const ended = {
  approved: {
    color: "green",
    title: "Let in",
    text: "Go back to your terminal. The key stands under API keys, where you can revoke it.",
  },
  used: {
    color: "green",
    title: "Let in",
    text: "The command line has its key. It stands under API keys, where you can revoke it.",
  },
  denied: { color: "gray", title: "Refused", text: "The command line got nothing." },
} as const;

export function CliLoginPage() {
  const { loginId } = useParams({ from: "/cli-login/$loginId" });
  const params = { path: { login_id: loginId } };
  const login = useQuery({
    queryKey: keys.cliLogin(loginId),
    queryFn: () => dataOf(api.GET("/api/v1/auth/cli-logins/{login_id}", { params })),
  });
  const { caller } = useCaller();
  const onSettled = () => void queryClient.invalidateQueries({ queryKey: keys.cliLogin(loginId) });
  const approve = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/auth/cli-logins/{login_id}/approve", { params })),
    onSettled,
  });
  const deny = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/auth/cli-logins/{login_id}/deny", { params })),
    onSettled,
  });
  const error = login.error ?? approve.error ?? deny.error;
  return (
    <Page title="Let a command line in?">
      {error && <Failure error={error} />}
      {login.isPending && <Loading />}
      {login.data && login.data.status !== "pending" && (
        <Alert color={ended[login.data.status].color} title={ended[login.data.status].title}>
          {ended[login.data.status].text}
        </Alert>
      )}
      {login.data?.status === "pending" && (
        <Stack maw={560}>
          <Text>
            <strong>{login.data.client}</strong> asks to act as {caller?.user.name} in {caller?.organization?.name}. It
            gets an API key that can do all that you may.
          </Text>
          <Text>Your terminal must show this code; if it does not, somebody else is asking:</Text>
          <Code fz="xl" p="md" ta="center">
            {login.data.code}
          </Code>
          <Group>
            <Button onClick={() => approve.mutate()} loading={approve.isPending}>
              Let it in
            </Button>
            <Button variant="default" onClick={() => deny.mutate()} loading={deny.isPending}>
              Refuse
            </Button>
          </Group>
        </Stack>
      )}
    </Page>
  );
}
