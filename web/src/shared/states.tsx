/** What a page shows while it has nothing: loading, refused, empty. */
import { Alert, Button, Center, Code, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiProblem, messageOf, nextOf } from "../api/problem.ts";

export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <Stack aria-busy="true" aria-label="Loading">
      <Skeleton height={34 * rows} />
    </Stack>
  );
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const next = nextOf(error);
  const requestId = error instanceof ApiProblem ? error.requestId : undefined;
  return (
    <Alert color="red" role="alert" icon={<IconAlertCircle aria-hidden />} title="That did not work">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{messageOf(error)}</Text>
        {next !== undefined && <Text size="sm">{next}</Text>}
        {error instanceof ApiProblem && error.fields.length > 0 && (
          <Text size="sm" component="ul" m={0} pl="md">
            {error.fields.map(({ pointer, message }) => (
              <li key={pointer + message}>
                {pointer === "" ? "" : <Code>{pointer}</Code>} {message}
              </li>
            ))}
          </Text>
        )}
        {requestId && (
          <Text size="xs" c="dimmed">
            Request <Code>{requestId}</Code>
          </Text>
        )}
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Center>
        <Stack align="center" gap="xs" maw={520}>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text c="dimmed" ta="center" component="div" size="sm">
            {children}
          </Text>
          {action}
        </Stack>
      </Center>
    </Paper>
  );
}
