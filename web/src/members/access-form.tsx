/** Asks whether a person may do something, and why. */
import { Alert, Button, NativeSelect, Paper, Select, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Permission, permissions } from "../../../src/domain/permissions.ts";
import { api, dataOf } from "../api/client.ts";
import type { AccessExplanation, Member } from "../api/types.ts";
import { Failure } from "../shared/states.tsx";
import classes from "./access-form.module.css";

const actions = Object.keys(permissions) as Permission[];

export function AccessForm({ members }: { members: readonly Member[] }) {
  const [user, setUser] = useState("me");
  const [action, setAction] = useState<Permission>("deployments.create");
  const [resource, setResource] = useState("");
  const explain = useMutation({
    mutationFn: () => {
      const about = resource.trim();
      return dataOf(
        api.GET("/api/v1/access/explain", { params: { query: { user, action, ...(about && { resource: about }) } } }),
      );
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    explain.mutate();
  };
  // An answer belongs to its question: a changed question has none yet.
  const ask = (change: () => void) => {
    explain.reset();
    change();
  };
  return (
    <Paper withBorder p="md" component="section" aria-label="Access">
      <form onSubmit={submit}>
        <Stack>
          <div>
            <Title order={2} size="h4">
              Who may do what
            </Title>
            <Text size="sm" c="dimmed">
              Asks the table that every request is judged by.
            </Text>
          </div>
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }} className={classes.questions}>
            <NativeSelect
              label="Person"
              data={[
                { value: "me", label: "I" },
                ...members.map(({ user_id: value, name, email }) => ({ value, label: `${name} (${email})` })),
              ]}
              value={user}
              onChange={({ currentTarget: { value } }) => ask(() => setUser(value))}
            />
            <Select
              label="Action"
              data={actions}
              value={action}
              onChange={(value) => ask(() => setAction(actions.find((name) => name === value) ?? action))}
              searchable
              allowDeselect={false}
            />
            <TextInput
              label="Resource"
              placeholder="all of the organization"
              value={resource}
              onChange={({ currentTarget: { value } }) => ask(() => setResource(value))}
            />
            <Button type="submit" variant="default" loading={explain.isPending}>
              Explain
            </Button>
          </SimpleGrid>
          {explain.error && <Failure error={explain.error} />}
          {explain.data && <Verdict explanation={explain.data} />}
        </Stack>
      </form>
    </Paper>
  );
}

const Verdict = ({ explanation: { allowed, reason, needed } }: { explanation: AccessExplanation }) => (
  <Alert
    role="status"
    color={allowed ? "teal" : "red"}
    icon={allowed ? <IconCircleCheck aria-hidden /> : <IconCircleX aria-hidden />}
    title={allowed ? "Yes" : "No"}
  >
    {reason} An API key needs scope {needed.scope} besides.
  </Alert>
);
