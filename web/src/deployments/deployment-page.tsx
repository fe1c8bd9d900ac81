/** One deployment: its state, what can be done with it, and everything there is to see of it. */
import { Alert, Anchor, Button, Group, Tabs, Text } from "@mantine/core";
import { IconAlertTriangle, IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import type { Deployment } from "../api/types.ts";
import { operationWords } from "../operations/words.ts";
import { useCaller } from "../session/use-caller.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Page } from "../shared/page.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { capitalized } from "../shared/words.ts";
import { AccessTab } from "./access-tab.tsx";
import classes from "./deployment-page.module.css";
import { HistoryTab } from "./history-tab.tsx";
import { LogsTab } from "./logs-tab.tsx";
import { MetricsTab } from "./metrics-tab.tsx";
import { OverviewTab } from "./overview-tab.tsx";
import { PowerActions } from "./power-actions.tsx";
import { useDeployment } from "./queries.ts";
import { ReceiptView } from "./receipt-view.tsx";
import { RemovalTab } from "./removal-tab.tsx";
import { type ResourceShape, ResourcesTab } from "./resources-tab.tsx";
import { SettingsTab } from "./settings-tab.tsx";

const route = getRouteApi("/deployments/$id");

export function DeploymentPage() {
  const { id } = route.useParams();
  const deployment = useDeployment(id);
  if (deployment.error && !deployment.data) {
    return <Failure error={deployment.error} onRetry={() => void deployment.refetch()} />;
  }
  if (!deployment.data) return <Loading />;
  return <DeploymentView deployment={deployment.data} />;
}

function DeploymentView({ deployment }: { deployment: Deployment }) {
  const { tab = "overview", shape = "tree" } = route.useSearch();
  const navigate = route.useNavigate();
  const { may } = useCaller();
  const { id, name, status, health, power_state: power, app_type: app } = deployment;
  const showAs = (wanted: ResourceShape) =>
    void navigate({ search: { tab: "resources", ...(wanted === "graph" && { shape: wanted }) }, replace: true });
  const isGone = status === "destroyed";
  const tabs = [
    { value: "overview", label: "Overview", panel: <OverviewTab deployment={deployment} /> },
    ...(isGone || !may("deployments:write")
      ? []
      : [{ value: "logs", label: "Logs", panel: <LogsTab deployment={deployment} /> }]),
    ...(isGone ? [] : [{ value: "metrics", label: "Metrics", panel: <MetricsTab deployment={deployment} /> }]),
    {
      value: "resources",
      label: "Resources",
      panel: <ResourcesTab deployment={deployment} shape={shape} onShape={showAs} />,
    },
    ...(isGone ? [] : [{ value: "settings", label: "Settings", panel: <SettingsTab deployment={deployment} /> }]),
    ...(isGone || !may("org:read")
      ? []
      : [{ value: "access", label: "Access", panel: <AccessTab deployment={deployment} /> }]),
    { value: "history", label: "History", panel: <HistoryTab id={id} /> },
    ...(isGone || !may("deployments:delete")
      ? []
      : [{ value: "removal", label: "Removal", panel: <RemovalTab deployment={deployment} /> }]),
    ...(isGone ? [{ value: "receipt", label: "Receipt", panel: <ReceiptView id={id} /> }] : []),
  ];
  const shown = tabs.some(({ value }) => value === tab) ? tab : "overview";
  return (
    <Page
      title={name}
      beside={
        <Group gap={6}>
          <StateBadge state={status} />
          {status === "ready" && <StateBadge state={power === "stopped" ? "stopped" : health} />}
        </Group>
      }
      crumbs={[{ label: "Deployments", to: "/deployments" }]}
      actions={
        <>
          <PowerActions deployment={deployment} />
          {deployment.url && power === "running" && (
            <Button
              component="a"
              href={deployment.sign_in_url ?? deployment.url}
              target="_blank"
              rel="noreferrer"
              rightSection={<IconExternalLink size={16} aria-hidden />}
            >
              Open {capitalized(app)}
            </Button>
          )}
        </>
      }
    >
      <CurrentOperation deployment={deployment} />
      <Tabs
        value={shown}
        onChange={(value) => void navigate({ search: value === null || value === "overview" ? {} : { tab: value } })}
        keepMounted={false}
      >
        <Tabs.List mb="md" className={classes.tabs}>
          {tabs.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ value, panel }) => (
          <Tabs.Panel key={value} value={value}>
            {panel}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

/** The usual colour of a link falls short of a contrast of 4.5 on a coloured ground. */
const inAlert = { size: "sm", c: "var(--mantine-color-text)", underline: "always" } as const;

/** What goes on right now, and what the last change left behind. */
function CurrentOperation({ deployment }: { deployment: Deployment }) {
  const { id, current_operation_id: operationId, conditions } = deployment;
  const { data: operation } = useQuery({
    queryKey: keys.operation(operationId ?? ""),
    queryFn: () =>
      dataOf(api.GET("/api/v1/operations/{operation_id}", { params: { path: { operation_id: operationId ?? "" } } })),
    enabled: operationId !== null,
  });
  const troubles = conditions.filter(({ status }) => status === "true");
  return (
    <>
      {operationId !== null && (
        <Alert
          color="blue"
          role="status"
          title={operation ? `${operationWords(operation.type)}: ${operation.progress.message}` : "Working"}
        >
          <Anchor component={Link} to={`/operations/${operationId}`} {...inAlert}>
            Follow it
          </Anchor>
        </Alert>
      )}
      {troubles.map(({ type, reason, message }) => (
        <Alert
          key={type}
          color="yellow"
          icon={<IconAlertTriangle aria-hidden />}
          title={capitalized(type.replaceAll("_", " "))}
        >
          <Text size="sm" mb={4}>
            {message} ({reason})
          </Text>
          <Anchor component={Link} to={`/deployments/${id}?tab=history`} {...inAlert}>
            What happened, and what to do next
          </Anchor>
        </Alert>
      ))}
    </>
  );
}
