/** What a deployment uses right now, since the page was opened, and over time. */
import { Group, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Deployment, Metrics } from "../api/types.ts";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { MetricsHistory } from "./metrics-history.tsx";
import { useMetrics } from "./queries.ts";
import { Sparkline } from "./sparkline.tsx";

const MEGABYTE = 1024 * 1024;
const KEPT_SAMPLES = 120;

export function MetricsTab({ deployment }: { deployment: Deployment }) {
  const metrics = useMetrics(deployment.id, true);
  const samples = useSamples(metrics.data);
  if (metrics.error) return <Failure error={metrics.error} onRetry={() => void metrics.refetch()} />;
  if (!metrics.data) return <Loading />;
  const { gateway, processes } = metrics.data;
  const latest = samples.at(-1);
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <Figure title="CPU" value={`${latest?.cpu.toFixed(0) ?? 0} %`} points={samples.map(({ cpu }) => cpu)} />
        <Figure
          title="Memory"
          value={`${latest?.memory.toFixed(0) ?? 0} MB`}
          points={samples.map(({ memory }) => memory)}
        />
        {gateway && (
          <>
            <Figure
              title="Requests"
              value={String(gateway.requests)}
              points={samples.map(({ requests }) => requests)}
            />
            <Figure
              title="Latency p95"
              value={`${gateway.latency_milliseconds.p95.toFixed(0)} ms`}
              points={samples.map(({ latency }) => latency)}
            />
          </>
        )}
      </SimpleGrid>
      <MetricsHistory deploymentId={deployment.id} />
      <Paper withBorder p="md">
        <Group justify="space-between" mb="xs">
          <Title order={2} size="h4">
            Processes
          </Title>
          <Text size="sm" c="dimmed">
            {gateway && `${gateway.errors} errors at the gateway, ${(gateway.bytes_out / MEGABYTE).toFixed(1)} MB sent`}
          </Text>
        </Group>
        <ScrollTable label="Use by process" columns={["Process", "CPU", "CPU time", "Memory", "Restarts"]}>
          {processes.map(
            ({ name, replica, cpu_percent: cpu, cpu_seconds: seconds, memory_bytes: memory, restarts }) => (
              <Table.Tr key={`${name} ${replica}`}>
                <Table.Td>
                  {name} #{replica}
                </Table.Td>
                <Table.Td>{cpu.toFixed(1)} %</Table.Td>
                <Table.Td>{seconds === null ? "" : `${seconds.toFixed(0)} s`}</Table.Td>
                <Table.Td>{(memory / MEGABYTE).toFixed(0)} MB</Table.Td>
                <Table.Td>{restarts}</Table.Td>
              </Table.Tr>
            ),
          )}
        </ScrollTable>
      </Paper>
    </Stack>
  );
}

function Figure({ title, value, points }: { title: string; value: string; points: readonly number[] }) {
  return (
    <Paper withBorder p="md">
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Text size="xl" fw={700}>
        {value}
      </Text>
      <Sparkline points={points} label={`${title} since this page was opened`} />
    </Paper>
  );
}

interface Sample {
  at: string;
  cpu: number;
  memory: number;
  requests: number;
  latency: number;
}

function useSamples(metrics: Metrics | undefined): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (!metrics) return;
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const sample = {
      at: metrics.at,
      cpu: sum(metrics.processes.map(({ cpu_percent: percent }) => percent)),
      memory: sum(metrics.processes.map(({ memory_bytes: bytes }) => bytes)) / MEGABYTE,
      requests: metrics.gateway?.requests ?? 0,
      latency: metrics.gateway?.latency_milliseconds.p95 ?? 0,
    };
    setSamples((before) => (before.at(-1)?.at === sample.at ? before : [...before, sample].slice(-KEPT_SAMPLES)));
  }, [metrics]);
  return samples;
}
