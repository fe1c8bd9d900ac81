/** Start, stop, restart, DAGs brought up to date, and a new database password. */
import { Button } from "@mantine/core";
import { IconGitPullRequest, IconKey, IconPlayerPlay, IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { api, dataOf, idempotent } from "../api/client.ts";
import type { Deployment } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { useChange } from "./changes.ts";

const verbs = {
  start: { label: "Start", icon: IconPlayerPlay, path: "/api/v1/deployments/{deployment_id}/start" },
  stop: { label: "Stop", icon: IconPlayerStop, path: "/api/v1/deployments/{deployment_id}/stop" },
  restart: { label: "Restart", icon: IconRefresh, path: "/api/v1/deployments/{deployment_id}/restart" },
  dag_sync: {
    label: "Sync DAGs",
    icon: IconGitPullRequest,
    path: "/api/v1/deployments/{deployment_id}/dag-syncs",
  },
  rotate_credentials: {
    label: "Rotate password",
    icon: IconKey,
    path: "/api/v1/deployments/{deployment_id}/credentials/rotate",
  },
} as const;
type Verb = keyof typeof verbs;

export function PowerActions({ deployment: { id, available_actions: actions } }: { deployment: Deployment }) {
  const { may } = useCaller();
  const power = useChange(
    (verb: Verb) =>
      dataOf(api.POST(verbs[verb].path, { params: { path: { deployment_id: id }, header: idempotent() } })),
    { open: false },
  );
  if (!may("deployments:write")) return null;
  return (Object.keys(verbs) as Verb[])
    .filter((verb) => actions.includes(verb))
    .map((verb) => {
      const { label, icon: Icon } = verbs[verb];
      return (
        <Button
          key={verb}
          variant="default"
          leftSection={<Icon size={16} aria-hidden />}
          onClick={() => power.mutate(verb)}
          loading={power.isPending && power.variables === verb}
        >
          {label}
        </Button>
      );
    });
}
