/** How many copies of a process run. */
import { Button, Group, NumberInput, Text } from "@mantine/core";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import type { Deployment } from "../api/types.ts";
import { useCaller } from "../session/use-caller.ts";
import { useChange } from "./changes.ts";
import { useApps } from "./queries.ts";

interface ScaleControlProps {
  deployment: Deployment;
  process: string;
  wanted: number;
}

export function ScaleControl({ deployment, process, wanted }: ScaleControlProps) {
  const { may } = useCaller();
  const apps = useApps();
  const [count, setCount] = useState<number | undefined>();
  const scale = useChange(
    (replicas: number) =>
      dataOf(
        api.POST("/api/v1/deployments/{deployment_id}/scale", {
          params: { path: { deployment_id: deployment.id }, header: idempotent() },
          body: { replicas: { [process]: replicas } },
        }),
      ),
    { open: false },
  );
  const facts = apps.data?.items
    .find(({ app_type: type }) => type === deployment.app_type)
    ?.processes.find(({ name }) => name === process);
  const canScale = facts?.scalable && deployment.available_actions.includes("scale") && may("deployments:write");
  if (!canScale) return <Text size="sm">{wanted}</Text>;
  const value = count ?? wanted;
  return (
    <Group gap={6} wrap="nowrap">
      <NumberInput
        aria-label={`Copies of ${process}`}
        size="xs"
        w={70}
        min={facts.min_replicas}
        max={facts.max_replicas}
        value={value}
        onChange={(next) => setCount(typeof next === "number" ? next : undefined)}
      />
      {value !== wanted && (
        <Button size="xs" onClick={() => scale.mutate(value)} loading={scale.isPending}>
          Scale
        </Button>
      )}
    </Group>
  );
}
