/** `start`, `stop`, `restart`, `rotate-credentials`, `dags sync` and `access sync` of a deployment: one operation each, without a body. */
import type { Accepted } from "../api/contract.ts";
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import { argument, type Invocation } from "../invocation.ts";

const types = {
  startDeployment: "deployment.start",
  stopDeployment: "deployment.stop",
  restartDeployment: "deployment.restart",
  rotateCredentials: "deployment.rotate_credentials",
  syncDags: "dag.sync",
  syncDeploymentAccess: "access.sync",
} as const;

/** @param id the API's operation that starts the work @returns the command's code */
export function actionOn(id: keyof typeof types): { run(invocation: Invocation): Promise<number> } {
  return {
    async run(invocation) {
      const api = invocation.api();
      const deployment_id = await deploymentId(api, argument(invocation, 0));
      const submit = (): Promise<Accepted> => api.call(id, { path: { deployment_id } });
      return runOperation(invocation, { type: types[id], subject: deployment_id, submit });
    },
  };
}
