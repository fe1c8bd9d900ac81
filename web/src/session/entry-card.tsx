/** The card that whoever is not signed in meets: what it is for, what went wrong, and a form. */
import { Alert, Center, Paper, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { FormEvent, ReactNode } from "react";
import { messageOf } from "../api/problem.ts";

interface EntryCardProps {
  title: string;
  intro: string;
  /** What stands over the reason when the service refused: `Not signed in`. */
  refused: string;
  error: unknown;
  onSubmit(): void;
  children: ReactNode;
}

export function EntryCard({ title, intro, refused, error, onSubmit, children }: EntryCardProps) {
  useDocumentTitle(title === "Onvera" ? title : `${title} · Onvera`);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w="100%" maw={400} shadow="sm">
        <form onSubmit={submit}>
          <Stack>
            <div>
              <Title order={1} size="h2">
                {title}
              </Title>
              <Text c="dimmed" size="sm">
                {intro}
              </Text>
            </div>
            {error != null && (
              <Alert color="red" role="alert" title={refused}>
                {messageOf(error)}
              </Alert>
            )}
            {children}
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
