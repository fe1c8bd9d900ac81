/** Why an operation failed: cause, who must act, what to do next. */
import { Alert, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import type { Operation } from "../api/types.ts";
import { Facts } from "../shared/facts.tsx";
import { phaseWords } from "./phases.ts";

const owners: Readonly<Record<string, string>> = {
  customer: "you, the one who asked for it",
  operator: "the platform's operator",
  platform: "the platform itself; tell its operator if it comes again",
};

export function ErrorCard({ error }: { error: NonNullable<Operation["error"]>; operation: Operation }) {
  return (
    <Alert
      color="red"
      role="alert"
      // As large a field of red as this would shout down the words in it.
      variant="outline"
      bg="var(--mantine-color-body)"
      icon={<IconAlertCircle aria-hidden />}
      title={error.message}
    >
      <Stack gap="sm">
        <Group gap={6}>
          <Text size="sm" fw={600}>
            Next:
          </Text>
          <Text size="sm">{error.next_step}</Text>
        </Group>
        <Facts
          items={[
            ["Cause", error.cause.replaceAll("_", " ")],
            ["Who must act", owners[error.owner] ?? error.owner],
            ["Worth trying again", error.retryable ? "yes" : "not before something changed"],
            ["Code", <Code key="code">{error.code}</Code>],
            ...(error.phase ? [["Phase", phaseWords(error.phase)] as const] : []),
            ...(error.resource ? [["Resource", <Code key="urn">{error.resource.urn}</Code>] as const] : []),
          ]}
        />
        {error.residue && error.residue.length > 0 && (
          <Facts
            items={error.residue.map(
              ({ type, physical_id: id, found, detail }) =>
                [
                  `${found === "unknown" ? "Could not be looked up" : "Left behind"}: ${id}`,
                  `${type} ${detail}`,
                ] as const,
            )}
          />
        )}
        {error.last_log_lines && error.last_log_lines.length > 0 && (
          <Code block tabIndex={0} aria-label="The last lines of the log">
            {error.last_log_lines.join("\n")}
          </Code>
        )}
      </Stack>
    </Alert>
  );
}
