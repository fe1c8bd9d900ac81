/** `npm run bench -- p1 [--json] [--runs 7]`: measures one figure, or all of them, and says whether they meet their aims. */
import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { access } from "./access.ts";
import { type Figure, table } from "./figure.ts";
import { kubernetes } from "./kubernetes.ts";
import { kubernetesBeside } from "./kubernetes-beside.ts";
import { load } from "./load.ts";
import { logs } from "./logs.ts";
import { metrics } from "./metrics.ts";
import { p1 } from "./p1.ts";
import { p2 } from "./p2.ts";
import { p3 } from "./p3.ts";
import { p4 } from "./p4.ts";
import { p5 } from "./p5.ts";
import { p6 } from "./p6.ts";
import { p7 } from "./p7.ts";
import { p8 } from "./p8.ts";
import { p9 } from "./p9.ts";

interface Measure {
  measure(runs: number): Promise<Figure[]>;
  /** When none are asked for. */
  runs: number;
  /** Measured only when it is named: it needs more than this machine has by itself. */
  onlyNamed?: true;
}

const figures: Readonly<Record<string, Measure>> = {
  p1: { measure: p1, runs: 5 },
  p2: { measure: p2, runs: 5 },
  p3: { measure: p3, runs: 1 },
  p4: { measure: p4, runs: 200 },
  p5: { measure: p5, runs: 3 },
  p6: { measure: p6, runs: 60 },
  p7: { measure: p7, runs: 10 },
  p8: { measure: p8, runs: 7 },
  p9: { measure: p9, runs: 5 },
  logs: { measure: logs, runs: 7 },
  metrics: { measure: metrics, runs: 20 },
  access: { measure: access, runs: 5 },
  load: { measure: load, runs: 10 },
  kubernetes: { measure: kubernetes, runs: 5, onlyNamed: true },
  "kubernetes-beside": { measure: kubernetesBeside, runs: 5, onlyNamed: true },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, runs: { type: "string" } },
});
const usual = Object.keys(figures).filter((name) => !figures[name]?.onlyNamed);
const wanted = positionals.length > 0 ? positionals : usual;
const unknown = wanted.filter((name) => !Object.hasOwn(figures, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no figure ${unknown.join(", ")}. There are: ${Object.keys(figures).join(", ")}.\n`);
  process.exit(2);
}
const measured: Figure[] = [];
for (const name of wanted) {
  const figure = figures[name];
  if (figure) measured.push(...(await figure.measure(Number(values.runs ?? figure.runs))));
}
if (values.json) {
  for (const one of measured) process.stdout.write(`${JSON.stringify(one)}\n`);
} else {
  process.stdout.write(`${table(measured)}\n\n`);
  process.stdout.write(
    `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
}
process.exit(measured.every(({ ok }) => ok) ? 0 : 1);
