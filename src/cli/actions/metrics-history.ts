/** `onvera metrics --since`: each series of a deployment's figures over time, as a line of small bars with its numbers. */
import type { Data } from "../api/contract.ts";
import type { Invocation } from "../invocation.ts";
import { megabytes } from "../output/megabytes.ts";
import { table } from "../output/table.ts";

type History = Data<"getDeploymentMetricsHistory">;
type Series = History["series"][number];

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const BAR_COUNT = 40;

/** Prints the figures of the last so many seconds. */
export async function showHistory(invocation: Invocation, deploymentId: string, seconds: number): Promise<void> {
  const from = new Date(invocation.io.now() - seconds * 1000).toISOString();
  const history = await invocation
    .api()
    .call("getDeploymentMetricsHistory", { path: { deployment_id: deploymentId }, query: { from } });
  const { series } = history;
  invocation.output.data(history, {
    names: () => series.map(titleOf),
    table: (hasColor) =>
      table(
        [
          { title: "FIGURE", value: titleOf },
          { title: "LEAST", value: (one) => shown(one, Math.min(...told(one))) },
          { title: "MEAN", value: (one) => shown(one, told(one).reduce((sum, n) => sum + n, 0) / told(one).length) },
          { title: "MOST", value: (one) => shown(one, Math.max(...told(one))) },
          { title: "LAST", value: (one) => shown(one, told(one).at(-1) ?? 0) },
          { title: `${history.from} TO ${history.to}`, value: ({ values }) => bars(values) },
        ],
        series,
        hasColor,
      ),
  });
  if (series.length === 0) invocation.output.say("Nothing was kept of that time.");
}

const titleOf = ({ metric, process, replica }: Series): string =>
  process === null ? metric : `${metric} ${process}.${replica}`;

const told = ({ values }: Series): number[] => values.filter((value) => value !== null);

function shown({ unit }: Series, value: number): string {
  if (unit === "bytes") return megabytes(value);
  const number = Number.isInteger(value) ? String(value) : value.toFixed(1);
  return { percent: `${number} %`, milliseconds: `${number} ms`, seconds: `${number} s`, count: number }[unit];
}

/** As many bars as fit on a line: each is the mean of its part, a space where nothing is known. */
export function bars(values: readonly (number | null)[]): string {
  const count = Math.min(BAR_COUNT, values.length);
  const parts = Array.from({ length: count }, (_, index) => {
    const part = values.slice(
      Math.floor((index * values.length) / count),
      Math.floor(((index + 1) * values.length) / count),
    );
    const known = part.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
  const most = Math.max(...parts.map((part) => part ?? 0));
  return parts
    .map((part) => {
      if (part === null) return " ";
      return BARS[most === 0 ? 0 : Math.round((part / most) * (BARS.length - 1))] ?? "";
    })
    .join("");
}
