/** Who has a role of their own in a project: listed, given, taken back. */
import { Paper, Table, Text, Title } from "@mantine/core";
import { api, dataOf } from "../api/client.ts";
import { Listed } from "../shared/listed.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { GrantForm } from "./grant-form.tsx";
import { projectPath, useProjectChange, useProjectRoles } from "./queries.ts";

interface RoleSectionProps {
  projectId: string;
  mayChange: boolean;
}

export function RoleSection({ projectId, mayChange }: RoleSectionProps) {
  const roles = useProjectRoles(projectId);
  return (
    <Paper withBorder p="md" component="section" aria-label="Roles in this project">
      <Title order={2} size="h4">
        Roles in this project
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        A role here adds to the one in the organization and never takes anything away.
      </Text>
      <Listed
        query={roles}
        items={roles.data?.items}
        usualRows={2}
        empty={
          <Empty title="Nobody has a role of their own here">
            {mayChange
              ? "Choose a member and a role below."
              : "Everybody acts by their role in the organization. An admin can give more."}
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable
            label="Roles in this project"
            columns={["Name", "Email", "In the organization", "Here", "In force", ""]}
          >
            {items.map(({ user_id: id, name, email, role, ...more }) => (
              <Table.Tr key={id}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{email}</Table.Td>
                <Table.Td>{more.organization_role}</Table.Td>
                <Table.Td>{role}</Table.Td>
                <Table.Td fw={600}>{more.effective_role}</Table.Td>
                <Table.Td ta="end">{mayChange && <RevokeButton projectId={projectId} userId={id} />}</Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Listed>
      {mayChange && <GrantForm projectId={projectId} />}
    </Paper>
  );
}

function RevokeButton({ projectId, userId }: { projectId: string; userId: string }) {
  const revoke = useProjectChange(projectId, () =>
    dataOf(
      api.DELETE("/api/v1/projects/{project_id}/roles/{user_id}", {
        params: { path: { ...projectPath(projectId).path, user_id: userId } },
      }),
    ),
  );
  return (
    <SureButton
      label="Take back"
      sure="Take the role back"
      onSure={() => revoke.mutate(undefined)}
      isBusy={revoke.isPending}
    />
  );
}
