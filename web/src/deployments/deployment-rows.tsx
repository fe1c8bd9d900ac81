/** The rows of the overview; only those on screen exist, so a thousand cost what twenty do. */
import { Box, Group, Paper, Text } from "@mantine/core";
import { skipToken, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { keys } from "../api/query-keys.ts";
import type { Deployment, Operation } from "../api/types.ts";
import { operationWords } from "../operations/words.ts";
import { StateBadge } from "../shared/badges.tsx";
import { When } from "../shared/when.tsx";
import classes from "./deployment-rows.module.css";

const ROW_PIXELS = 64;
/** More is asked for when the reader is this many rows from the end. */
const AHEAD = 20;

interface RowsProps {
  deployments: readonly Deployment[];
  environmentNames: ReadonlyMap<string, string>;
  onEnd(): void;
}

export function DeploymentRows({ deployments, environmentNames, onEnd }: RowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const rows = useWindowVirtualizer({
    count: deployments.length,
    estimateSize: () => ROW_PIXELS,
    overscan: 10,
    scrollMargin: list.current?.offsetTop ?? 0,
  });
  const items = rows.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= deployments.length - AHEAD) onEnd();
  }, [lastShown, deployments.length, onEnd]);
  const live = useQuery<ReadonlyMap<string, Operation>>({ queryKey: keys.liveOperations, queryFn: skipToken });
  return (
    <Paper withBorder ref={list} role="table" aria-label="Deployments" aria-rowcount={deployments.length}>
      <div role="row" className={`${classes.row} ${classes.head}`}>
        {["Name", "Status", "Health", "Version", "Environment", "Last operation", "Created"].map((title) => (
          <span role="columnheader" key={title}>
            {title}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {items.map(({ index, start, key }) => {
          const deployment = deployments[index];
          return (
            deployment && (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 1}
                className={classes.row}
                style={{
                  position: "absolute",
                  insetInline: 0,
                  height: ROW_PIXELS,
                  transform: `translateY(${start - rows.options.scrollMargin}px)`,
                }}
              >
                <Cells
                  deployment={deployment}
                  environment={environmentNames.get(deployment.environment_id) ?? ""}
                  operation={live.data?.get(deployment.id)}
                />
              </div>
            )
          );
        })}
      </div>
    </Paper>
  );
}

interface CellsProps {
  deployment: Deployment;
  environment: string;
  operation: Operation | undefined;
}

function Cells({ deployment, environment, operation }: CellsProps) {
  const { id, name, app_type: app, status, health, settings, created_at: createdAt } = deployment;
  return (
    <>
      <Box role="cell" className={classes.name}>
        <Text component={Link} to={`/deployments/${id}`} fw={600} size="sm" truncate className="row-link" title={name}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {app}
        </Text>
      </Box>
      <span role="cell">
        <StateBadge state={status} />
      </span>
      <span role="cell">{status === "ready" && <StateBadge state={health} />}</span>
      <Text role="cell" size="sm">
        {settings.version} · {settings.size}
      </Text>
      <Text role="cell" size="sm" truncate>
        {environment}
      </Text>
      <div role="cell">
        <LastOperation operation={operation} />
      </div>
      <span role="cell">
        <When at={createdAt} size="sm" />
      </span>
    </>
  );
}

function LastOperation({ operation }: { operation: Operation | undefined }) {
  if (!operation) return null;
  const isActive = operation.status === "running" || operation.status === "queued";
  return (
    <Group gap={6} wrap="nowrap">
      <Text component={Link} to={`/operations/${operation.id}`} size="sm" className="row-link" truncate>
        {isActive ? operation.progress.message : `${operationWords(operation.type)} ${operation.status}`}
      </Text>
    </Group>
  );
}
