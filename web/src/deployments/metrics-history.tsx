/** What a deployment used over the last hour, six hours, day or week. */
import { Group, SegmentedControl, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { MetricsHistory as History } from "../api/types.ts";
import { Failure, Loading } from "../shared/states.tsx";
import { useMetricsHistory } from "./queries.ts";
import { type Line, TimeChart } from "./time-chart.tsx";

const HOUR_MILLISECONDS = 3_600_000;
const spans = { "1 h": 1, "6 h": 6, "24 h": 24, "7 days": 168 } as const;
type Span = keyof typeof spans;

type Metric = History["series"][number]["metric"];

const round = (value: number) => (value >= 10 ? value.toFixed(0) : value.toFixed(1));
const charts: readonly { title: string; metrics: readonly Metric[]; format(value: number): string }[] = [
  { title: "CPU", metrics: ["cpu_percent"], format: (value) => `${round(value)} %` },
  { title: "Memory", metrics: ["memory_bytes"], format: (value) => `${(value / 1024 ** 2).toFixed(0)} MiB` },
  { title: "Requests and errors", metrics: ["requests", "errors"], format: round },
  {
    title: "Latency",
    metrics: ["latency_p50", "latency_p95", "latency_p99"],
    format: (value) => `${round(value)} ms`,
  },
  { title: "Scheduler heartbeat, age", metrics: ["scheduler_heartbeat_age"], format: (value) => `${round(value)} s` },
  { title: "Tasks", metrics: ["tasks_queued", "tasks_running", "tasks_failed"], format: round },
  { title: "Restarts", metrics: ["restarts"], format: round },
];

const words: Partial<Record<Metric, string>> = {
  requests: "requests",
  errors: "errors",
  latency_p50: "p50",
  latency_p95: "p95",
  latency_p99: "p99",
  scheduler_heartbeat_age: "scheduler",
  tasks_queued: "queued",
  tasks_running: "running",
  tasks_failed: "failed",
};

export function MetricsHistory({ deploymentId }: { deploymentId: string }) {
  const [span, setSpan] = useState<Span>("1 h");
  const history = useMetricsHistory(deploymentId, spans[span] * HOUR_MILLISECONDS);
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2} size="h4">
          Over time
        </Title>
        <SegmentedControl
          aria-label="How far back"
          data={Object.keys(spans)}
          value={span}
          onChange={(value) => setSpan(value as Span)}
        />
      </Group>
      {history.error && <Failure error={history.error} onRetry={() => void history.refetch()} />}
      {history.isLoading && <Loading />}
      {history.data && <Charts history={history.data} />}
    </Stack>
  );
}

function Charts({ history }: { history: History }) {
  const shown = charts
    .map((chart) => ({ ...chart, lines: linesOf(history, chart.metrics) }))
    .filter(({ lines }) => lines.length > 0);
  if (shown.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing was kept of this time. The first figures come fifteen seconds after a deployment starts.
      </Text>
    );
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      {shown.map(({ title, lines, format }) => (
        <TimeChart key={title} title={title} lines={lines} from={history.from} to={history.to} format={format} />
      ))}
    </SimpleGrid>
  );
}

function linesOf({ series }: History, metrics: readonly Metric[]): Line[] {
  return series
    .filter(({ metric }) => metrics.includes(metric))
    .map(({ metric, process, replica, values }) => ({
      name: process === null ? (words[metric] ?? metric) : `${process} #${replica}`,
      values,
    }));
}
