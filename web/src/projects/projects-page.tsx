/** The projects: groups of environments in which people can have a role of their own. */
import { Anchor, Button, Code, Modal, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEnvironments } from "../deployments/queries.ts";
import { isAdmin } from "../members/roles.ts";
import { useCaller } from "../session/use-caller.ts";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";
import { NewProject } from "./new-project.tsx";
import { useProjects } from "./queries.ts";

export function ProjectsPage() {
  const [isOpen, { open, close }] = useDisclosure();
  const { caller } = useCaller();
  const projects = useProjects();
  const environments = useEnvironments();
  const mayCreate = isAdmin(caller?.role);
  const button = mayCreate && (
    <Button onClick={open} leftSection={<IconPlus size={16} aria-hidden />}>
      New project
    </Button>
  );
  const placed = (id: string) => environments.data?.items.filter(({ project_id: project }) => project === id).length;
  return (
    <Page title="Projects" actions={button}>
      <Text size="sm" c="dimmed" maw={640}>
        A project groups environments. Somebody can have a higher role in one project than in the organization.
      </Text>
      <Listed
        query={projects}
        items={projects.data?.items}
        usualRows={2}
        empty={
          <Empty title="No projects" action={button}>
            {mayCreate
              ? "Make one to give people a role in some environments only."
              : "An admin of the organization can make one."}
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable isFramed label="Projects" columns={["Name", "Short name", "Environments", "Created"]}>
            {items.map(({ id, name, slug, created_at: createdAt }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Anchor component={Link} to={`/projects/${id}`} size="sm" fw={600}>
                    {name}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <Code>{slug}</Code>
                </Table.Td>
                <Table.Td>{placed(id)}</Table.Td>
                <Table.Td>
                  <When at={createdAt} size="sm" />
                </Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Listed>
      <Modal opened={isOpen} onClose={close} title="New project">
        <NewProject />
      </Modal>
    </Page>
  );
}
