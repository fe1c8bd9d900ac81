/** `npm run chaos -- NAME [--all] [--json]`: breaks things on purpose and says what came of it. */
import { parseArgs } from "node:util";
import { type ChaosReport, reportText } from "./chaos-test.ts";
import { chaosTests } from "./tests.ts";

const names = Object.keys(chaosTests);

const help = () => `Usage: npm run chaos -- NAME... [options]

Breaks a control plane of its own on purpose and compares state, reality and records. Exit code 0 when nothing was
lost, doubled or left behind; 1 when something was; 2 for a line it does not understand.

Tests:
${names.map((name) => `  ${name.padEnd(16)}${chaosTests[name]?.summary}`).join("\n")}

Options:
  --all           every case, not only those of each test run
  --minutes N     how long to go on, where a test has no end of its own
  --count N       how often, where a test repeats one thing
  --only TEXT     only cases whose name holds TEXT
  --from REF      upgrade: beside the worker of this older commit or tag, built from the repository's history
  --seed N        makes random choices repeatable
  --json          one line per test: {test, cases, terminal, orphans, duplicates, lost, ok}, and its own figures
  --help          this text

Example: npm run chaos -- matrix --all --json
`;

function usage(message: string): never {
  process.stderr.write(`${message}\n'npm run chaos -- --help' shows what there is.\n`);
  process.exit(2);
}

function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        minutes: { type: "string" },
        count: { type: "string" },
        only: { type: "string" },
        from: { type: "string" },
        seed: { type: "string" },
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) usage(`--${name} takes a number above zero, not '${text}'.`);
  return value;
}

const { values, positionals } = commandLine();
if (values.help) {
  process.stdout.write(help());
  process.exit(0);
}
if (positionals.length === 0) usage(`Say which test to run: ${names.join(", ")}.`);
const unknown = positionals.filter((name) => !Object.hasOwn(chaosTests, name));
if (unknown.length > 0) usage(`There is no chaos test ${unknown.join(", ")}. There are: ${names.join(", ")}.`);

const options = {
  all: values.all,
  minutes: positive("minutes", values.minutes),
  count: positive("count", values.count),
  only: values.only,
  from: values.from,
  seed: positive("seed", values.seed) ?? 1,
  say: (line: string) => void process.stderr.write(`${line}\n`),
};
// What a run holds is let go when its process ends, whichever way.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
const reports: ChaosReport[] = [];
for (const name of positionals) {
  const report = await chaosTests[name]?.run(options);
  if (report === undefined) continue;
  reports.push(report);
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...report.result, ...report.figures })}\n` : `${reportText(report)}\n\n`,
  );
  if (values.json) for (const line of report.failures) options.say(line);
}
process.exit(reports.every(({ result }) => result.ok) ? 0 : 1);
