/** One project: what is in it, who has a role of their own in it, and its name. */
import { Button, Group, Paper, Text, TextInput, Title } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, dataOf } from "../api/client.ts";
import type { Project } from "../api/types.ts";
import { useEnvironments } from "../deployments/queries.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Facts } from "../shared/facts.tsx";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { When } from "../shared/when.tsx";
import { projectPath, useMayChange, useProject, useProjectChange } from "./queries.ts";
import { RoleSection } from "./role-section.tsx";

const route = getRouteApi("/projects/$id");

export function ProjectPage() {
  const { id } = route.useParams();
  const project = useProject(id);
  if (project.error) return <Failure error={project.error} onRetry={() => void project.refetch()} />;
  if (!project.data) return <Loading />;
  return <ProjectView key={project.data.name} project={project.data} />;
}

function ProjectView({ project }: { project: Project }) {
  const { id, name, slug, created_at: createdAt } = project;
  const mayChange = useMayChange(id);
  const environments = useEnvironments();
  const inside = environments.data?.items.filter(({ project_id: projectId }) => projectId === id) ?? [];
  return (
    <Page title={name} crumbs={[{ label: "Projects", to: "/projects" }]}>
      <Paper withBorder p="md">
        <Facts
          items={[
            ["Environments", inside.map((environment) => environment.name).join(", ") || "none yet"],
            ["Short name", slug],
            ["Created", <When key="created" at={createdAt} size="sm" />],
            ["Id", <Copyable key="id" text={id} what="the project's id" />],
          ]}
        />
        {environments.data && inside.length === 0 && (
          <Text size="sm" c="dimmed" mt="sm">
            The platform's operator puts one here: <code>onvera environments create Production --project {id}</code>
          </Text>
        )}
      </Paper>
      <RoleSection projectId={id} mayChange={mayChange} />
      {mayChange && <ChangeSection project={project} isEmpty={inside.length === 0} />}
    </Page>
  );
}

function ChangeSection({ project: { id, name }, isEmpty }: { project: Project; isEmpty: boolean }) {
  const navigate = useNavigate();
  const [wanted, setWanted] = useState(name);
  const rename = useProjectChange(id, () =>
    dataOf(api.PATCH("/api/v1/projects/{project_id}", { params: projectPath(id), body: { name: wanted.trim() } })),
  );
  const remove = useProjectChange(id, async () => {
    await dataOf(api.DELETE("/api/v1/projects/{project_id}", { params: projectPath(id) }));
    await navigate({ to: "/projects" });
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(undefined);
  };
  return (
    <Paper withBorder p="md" component="section" aria-label="Name and removal">
      <Title order={2} size="h4" mb="xs">
        Name and removal
      </Title>
      <form onSubmit={submit}>
        <Group align="flex-end" mb="md">
          <TextInput
            label="Name"
            required
            value={wanted}
            onChange={(event) => setWanted(event.currentTarget.value)}
            flex={{ base: "1 1 100%", sm: "0 1 320px" }}
          />
          <Button
            type="submit"
            variant="default"
            loading={rename.isPending}
            disabled={["", name].includes(wanted.trim())}
          >
            Rename
          </Button>
        </Group>
      </form>
      <Group gap="xs">
        <SureButton
          label="Delete project"
          sure="Delete it, with its roles"
          onSure={() => remove.mutate(undefined)}
          isBusy={remove.isPending}
          isDisabled={!isEmpty}
        />
        {!isEmpty && (
          <Text size="sm" c="dimmed">
            A project with environments stays.
          </Text>
        )}
      </Group>
    </Paper>
  );
}
