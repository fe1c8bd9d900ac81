/** The form for a new deployment: what it needs is asked, the rest has defaults that work. */
import {
  Accordion,
  Alert,
  Button,
  Checkbox,
  Grid,
  Group,
  Input,
  Paper,
  Radio,
  SegmentedControl,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { api, dataOf } from "../api/client.ts";
import type { App } from "../api/types.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { capitalized, counted } from "../shared/words.ts";
import { bodyOf, commandOf, type Draft, executors, faultsOf, firstDraft } from "./create-draft.ts";
import classes from "./create-page.module.css";
import { useApps, useEnvironments } from "./queries.ts";

const descriptions: Readonly<Record<Draft["app"], string>> = {
  superset: "Dashboards and SQL over your data.",
  airflow: "Pipelines as Python: scheduler, DAG processor, triggerer and API server.",
};

export function CreatePage() {
  const apps = useApps();
  if (apps.error) return <Failure error={apps.error} onRetry={() => void apps.refetch()} />;
  if (!apps.data) return <Loading />;
  return <CreateForm apps={apps.data.items.filter(({ app_type: type }) => type in descriptions)} />;
}

function CreateForm({ apps }: { apps: readonly App[] }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(firstDraft);
  const [wasTried, setTried] = useState(false);
  const faults = faultsOf(draft);
  const shown: typeof faults = wasTried ? faults : {};
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  // One key for the form's life: pressed twice, or sent again after a break, it is one deployment.
  const key = useRef(crypto.randomUUID());
  const create = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/api/v1/deployments", {
          body: bodyOf(draft),
          params: { header: { "idempotency-key": key.current } },
        }),
      ),
    onSuccess: ({ operation_id: id }) => void navigate({ to: "/operations/$id", params: { id } }),
    onError: () => {
      key.current = crypto.randomUUID();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(faults).length === 0) create.mutate();
  };
  const app = apps.find(({ app_type: type }) => type === draft.app);
  return (
    <Page title="New deployment" crumbs={[{ label: "Deployments", to: "/deployments" }]}>
      <form onSubmit={submit} noValidate>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 8 }}>
            <Stack gap="lg">
              {create.error && <Failure error={create.error} />}
              <AppChoice apps={apps} value={draft.app} onChange={(value) => change({ app: value, version: "" })} />
              <TextInput
                label="Name"
                description="Its address is made from it: my-superset-abc123"
                required
                value={draft.name}
                error={shown.name}
                onChange={(event) => change({ name: event.currentTarget.value })}
              />
              <SizeChoice app={app} value={draft.size} onChange={(size) => change({ size })} />
              <Placement app={app} draft={draft} onChange={change} />
              <Advanced draft={draft} faults={shown} onChange={change} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 4 }}>
            <Paper withBorder p="md" pos="sticky" top={72}>
              <Stack>
                <Title order={2} size="h4">
                  What you get
                </Title>
                <Text size="sm">
                  {app?.title ?? capitalized(draft.app)} with its own database, its own processes and its own address,
                  in about a minute.
                </Text>
                <div>
                  <Text size="xs" c="dimmed" mb={4}>
                    The same in a terminal
                  </Text>
                  <Copyable text={commandOf(draft)} what="the command" />
                </div>
                {wasTried && Object.keys(faults).length > 0 && (
                  <Alert color="yellow" role="alert">
                    Something is missing above.
                  </Alert>
                )}
                <Button type="submit" loading={create.isPending}>
                  Create deployment
                </Button>
              </Stack>
            </Paper>
          </Grid.Col>
        </Grid>
      </form>
    </Page>
  );
}

interface AppChoiceProps {
  apps: readonly App[];
  value: Draft["app"];
  onChange(app: Draft["app"]): void;
}

function AppChoice({ apps, value, onChange }: AppChoiceProps) {
  return (
    <Radio.Group
      label="App"
      value={value}
      onChange={(chosen) => onChange(chosen === "airflow" ? "airflow" : "superset")}
    >
      <Group mt={4} align="stretch">
        {apps.map(({ app_type: type, title }) => (
          <Radio.Card key={type} value={type} p="md" flex="1 1 220px" withBorder className={classes.card}>
            <Group wrap="nowrap" align="flex-start">
              <Radio.Indicator />
              <div>
                <Text fw={600}>{title}</Text>
                <Text size="sm" c="dimmed">
                  {descriptions[type === "airflow" ? "airflow" : "superset"]}
                </Text>
              </div>
            </Group>
          </Radio.Card>
        ))}
      </Group>
    </Radio.Group>
  );
}

interface SizeChoiceProps {
  app: App | undefined;
  value: Draft["size"];
  onChange(size: Draft["size"]): void;
}

function SizeChoice({ app, value, onChange }: SizeChoiceProps) {
  const chosen = app?.sizes.find(({ name }) => name === value);
  return (
    <div>
      <Input.Label labelElement="div" id="size-label" mb={4} display="block">
        Size
      </Input.Label>
      <SegmentedControl
        aria-labelledby="size-label"
        value={value}
        onChange={(size) => onChange(size === "large" ? "large" : size === "medium" ? "medium" : "small")}
        data={["small", "medium", "large"]}
      />
      {chosen && (
        <Text size="xs" c="dimmed" mt={4}>
          {counted(chosen.cpu, "core")} and {chosen.memory_megabytes / 1024} GiB of memory for all its processes
        </Text>
      )}
    </div>
  );
}

interface PartProps {
  draft: Draft;
  onChange(part: Partial<Draft>): void;
}

function Placement({ app, draft, onChange }: PartProps & { app: App | undefined }) {
  const environments = useEnvironments();
  return (
    <Group grow align="flex-start">
      <Select
        label="Environment"
        description="Where it runs. It stays there."
        placeholder="the default one"
        data={environments.data?.items.map(({ id, name, isolation_level: isolation }) => ({
          value: id,
          label: `${name} (${isolation})`,
        }))}
        value={draft.environment || null}
        onChange={(value) => onChange({ environment: value ?? "" })}
        clearable
      />
      <Select
        label="Version"
        description="Can be raised later, with a way back."
        placeholder={app?.default_version}
        data={app?.versions.map(({ version }) => version)}
        value={draft.version || null}
        onChange={(value) => onChange({ version: value ?? "" })}
        clearable
      />
    </Group>
  );
}

function Advanced({ draft, faults, onChange }: PartProps & { faults: Partial<Record<keyof Draft, string>> }) {
  return (
    <Accordion variant="contained">
      <Accordion.Item value="advanced">
        <Accordion.Control>More: variables, packages, DAGs, protection</Accordion.Control>
        <Accordion.Panel>
          <Stack>
            <Textarea
              label="Environment variables"
              description="One NAME=value per line; stored encrypted."
              autosize
              minRows={2}
              value={draft.variables}
              error={faults.variables}
              onChange={(event) => onChange({ variables: event.currentTarget.value })}
            />
            <Textarea
              label="Extra Python packages"
              description="One requirement per line, for example a database driver."
              autosize
              minRows={2}
              value={draft.requirements}
              onChange={(event) => onChange({ requirements: event.currentTarget.value })}
            />
            {draft.app === "airflow" && (
              <Group grow align="flex-start">
                <Select
                  label="Executor"
                  description="Where tasks run. All but local need a Kubernetes cluster."
                  inputWrapperOrder={["label", "input", "description", "error"]}
                  data={[...executors]}
                  value={draft.executor}
                  onChange={(chosen) => onChange({ executor: executors.find((one) => one === chosen) ?? "local" })}
                  allowDeselect={false}
                />
                <TextInput
                  label="DAG repository"
                  placeholder="https://…"
                  value={draft.dagsUrl}
                  error={faults.dagsUrl}
                  onChange={(event) => onChange({ dagsUrl: event.currentTarget.value })}
                />
                <TextInput
                  label="Branch"
                  placeholder="main"
                  value={draft.dagsBranch}
                  onChange={(event) => onChange({ dagsBranch: event.currentTarget.value })}
                />
              </Group>
            )}
            <Checkbox
              label="Protected: it cannot be destroyed until it is unprotected"
              checked={draft.isProtected}
              onChange={(event) => onChange({ isProtected: event.currentTarget.checked })}
            />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
