/** Where an app sends a person to sign in: goes on as whoever is signed in here, without a question. */
import { Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, dataOf } from "../api/client.ts";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";

export function AppLoginPage() {
  const { loginId } = useParams({ from: "/app-login/$loginId" });
  const { mutate, error } = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/api/v1/auth/app-logins/{app_login_id}/complete", { params: { path: { app_login_id: loginId } } }),
      ),
    // Not a page of ours: the provider answers, and sends the browser on into the app.
    onSuccess: ({ continue_path: path }) => window.location.replace(path),
  });
  useEffect(() => mutate(), [mutate]);
  return (
    <Page title="Signing you in">
      {error ? (
        <>
          <Failure error={error} />
          <Text mt="md">Open the app again from its deployment. If you may not open it, ask an administrator.</Text>
        </>
      ) : (
        <Loading />
      )}
    </Page>
  );
}
