/** Gives a member a role in a project. */
import { Button, Group, NativeSelect } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { type ProjectRole, projectRoles } from "../../../src/domain/membership.ts";
import { api, dataOf } from "../api/client.ts";
import { useMembers } from "../members/queries.ts";
import { projectPath, useProjectChange } from "./queries.ts";

export function GrantForm({ projectId }: { projectId: string }) {
  const members = useMembers();
  const [chosen, setChosen] = useState("");
  const [role, setRole] = useState<ProjectRole>("developer");
  const grant = useProjectChange(projectId, (userId: string) =>
    dataOf(
      api.PUT("/api/v1/projects/{project_id}/roles/{user_id}", {
        params: { path: { ...projectPath(projectId).path, user_id: userId } },
        body: { role },
      }),
    ),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    grant.mutate(chosen, { onSuccess: () => setChosen("") });
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" mt="md">
        <NativeSelect
          label="Member"
          data={[
            { value: "", label: "choose a person" },
            ...(members.data?.items ?? []).map(({ user_id: value, name, email }) => ({
              value,
              label: `${name} (${email})`,
            })),
          ]}
          value={chosen}
          onChange={(event) => setChosen(event.currentTarget.value)}
          maw="100%"
        />
        <NativeSelect
          label="Role"
          data={[...projectRoles]}
          value={role}
          onChange={({ currentTarget: { value } }) => setRole(projectRoles.find((name) => name === value) ?? role)}
        />
        <Button type="submit" disabled={chosen === ""} loading={grant.isPending}>
          Give the role
        </Button>
      </Group>
    </form>
  );
}
