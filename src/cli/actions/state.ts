/** `onvera state`: the versions of a stack's state, and going back to one. */
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import { argument, type Invocation, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { showList } from "../output/show.ts";

export async function versions(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const deployment_id = await deploymentId(api, argument(invocation, 0));
  showList(invocation, await api.call("listStateVersions", { path: { deployment_id } }), {
    columns: [
      { title: "VERSION", value: ({ version }) => String(version) },
      { title: "WRITTEN AT", value: ({ written_at }) => written_at },
      { title: "RUN", value: ({ generation }) => String(generation) },
      { title: "RESOURCES", value: ({ resources }) => (resources === null ? "-" : String(resources)) },
      { title: "BYTES", value: ({ bytes }) => String(bytes) },
      { title: "STATE", value: ({ fault, current }) => fault ?? (current ? "current" : "whole") },
    ],
    name: ({ version }) => String(version),
    nothing: "No version is kept; the next change of the deployment makes the first.",
  });
  return undefined;
}

export async function restore(invocation: Invocation): Promise<number> {
  const api = invocation.api();
  const deployment_id = await deploymentId(api, argument(invocation, 0));
  const given = text(invocation, "version");
  const body = given === undefined ? {} : { version: wholeNumber("--version", given) };
  return runOperation(invocation, {
    type: "deployment.reconcile",
    subject: deployment_id,
    submit: () => api.call("restoreState", { path: { deployment_id }, body }),
  });
}
