/** The name of the deployment an operation is about, as a way to it. */
import { Anchor, Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";

/** Names hardly change: one answer per deployment serves all rows. */
const KEPT_MILLISECONDS = 300_000;

export function ResourceName({ id }: { id: string }) {
  const isDeployment = id.startsWith("dep_");
  const { data } = useQuery({
    queryKey: keys.deployment(id),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}", { params: { path: { deployment_id: id } } })),
    enabled: isDeployment,
    staleTime: KEPT_MILLISECONDS,
  });
  if (!isDeployment) return <Code>{id}</Code>;
  return (
    <Anchor component={Link} to={`/deployments/${id}`} size="sm">
      {data?.name ?? id}
    </Anchor>
  );
}
