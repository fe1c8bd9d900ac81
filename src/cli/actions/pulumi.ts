/** `onvera pulumi`: the plain CLI on a deployment's stack. What reads runs here; what changes runs as an operation. */
import { type PulumiLine, pulumiRefusal, readPulumiLine } from "../../domain/plain-pulumi.ts";
import { usageError } from "../errors.ts";
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import type { Invocation } from "../invocation.ts";
import { runVerb } from "./control-plane-verb.ts";

/** Every verb not known to read only is taken for one that changes. */
export async function run(invocation: Invocation): Promise<number> {
  const argv = invocation.args.filter((word) => word !== undefined);
  const line = readPulumiLine(argv);
  const refusal = pulumiRefusal(line);
  if (refusal !== undefined) throw usageError(`${refusal}.`);
  if (line.needsStack && line.stack === undefined) {
    throw usageError(
      `'pulumi ${line.command}' works on the stack of one deployment, and none is named.`,
      `onvera pulumi ${argv.join(" ")} --stack <deployment>`,
      "'onvera list' shows the deployments and their ids.",
    );
  }
  return line.readsOnly ? runVerb(invocation, "runPulumi") : change(invocation, line);
}

async function change(invocation: Invocation, { stack = "", rest }: PulumiLine): Promise<number> {
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
