/** `onvera pulumi`: the plain CLI on a deployment's stack. What reads runs here; what changes runs as an operation. */
import { usageError } from "../errors.ts";
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import type { Invocation } from "../invocation.ts";
import { runVerb } from "./control-plane-verb.ts";

const readingVerbs = new Set(["about", "help", "history", "logs", "preview", "schema", "version", "whoami", "why"]);
const readingStackVerbs = new Set(["export", "graph", "history", "ls", "output"]);

/** Every verb not known to read only is taken for one that changes. */
export async function run(invocation: Invocation): Promise<number> {
  const argv = invocation.args.filter((word) => word !== undefined);
  if (!isChanging(argv)) return runVerb(invocation, "runPulumi");
  const { stack, rest } = takeStack(argv);
  if (stack === undefined) {
    throw usageError(
      "Name the deployment whose stack this changes.",
      `onvera pulumi ${argv.join(" ")} --stack <deployment>`,
    );
  }
  const api = invocation.api();
  const id = await deploymentId(api, stack);
  return runOperation(
    { ...invocation, options: { ...invocation.options, wait: true } },
    {
      type: "stack.pulumi",
      subject: id,
      submit: () => api.call("runPulumi", { path: { deployment_id: id }, body: { argv: rest } }),
      async finish(operation) {
        const said = operation.result?.output;
        return { value: operation, table: typeof said === "string" ? `\n${said}` : "" };
      },
    },
  );
}

/** Whether the arguments of `pulumi` change a stack or its state. */
export function isChanging(argv: readonly string[]): boolean {
  if (argv.some((word) => word === "--help" || word === "-h")) return false;
  const [verb, subverb] = takeStack(argv).rest.filter((word) => !word.startsWith("-"));
  if (verb === undefined || readingVerbs.has(verb)) return false;
  return verb === "stack" ? subverb !== undefined && !readingStackVerbs.has(subverb) : true;
}

/** Takes `--stack X`, `--stack=X` or `-s X` out of the arguments. */
export function takeStack(argv: readonly string[]): { stack: string | undefined; rest: string[] } {
  const rest: string[] = [];
  let stack: string | undefined;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--stack" || word === "-s") {
      index += 1;
      stack = argv[index];
    } else if (word.startsWith("--stack=")) stack = word.slice("--stack=".length);
    else rest.push(word);
  }
  return { stack, rest };
}
