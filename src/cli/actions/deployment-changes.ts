/** The options of `update` and `plan` as the API's changes: what `deploy` takes, and what may be taken away again. */
import type { DeploymentChanges } from "../api/contract.ts";
import { type Invocation, isRefused, list } from "../invocation.ts";
import { specFields } from "./deployment-input.ts";

/** @param app the deployment's app type, to refuse options of the other app */
export async function changesOf(invocation: Invocation, app: string): Promise<DeploymentChanges> {
  const { environment_variables, superset, airflow, ...plain } = await specFields(invocation, app);
  const changes: DeploymentChanges = { ...plain };
  if (isRefused(invocation, "requirements")) changes.requirements = [];
  const variables = { ...environment_variables, ...removed(invocation, "unsetEnv") };
  if (hasEntries(variables)) changes.environment_variables = variables;

  const featureFlags = { ...superset?.feature_flags, ...removed(invocation, "unsetFeatureFlag") };
  const config = { ...superset?.config, ...removed(invocation, "unsetConfig") };
  if (hasEntries(featureFlags) || hasEntries(config)) {
    changes.superset = {
      ...(hasEntries(featureFlags) ? { feature_flags: featureFlags } : {}),
      ...(hasEntries(config) ? { config } : {}),
    };
  }
  const connections = { ...airflow?.connections, ...removed(invocation, "unsetConnection") };
  const airflowVariables = { ...airflow?.variables, ...removed(invocation, "unsetVariable") };
  const dags = isRefused(invocation, "dagsGit") ? null : airflow?.dags;
  const executor = airflow?.executor;
  if (hasEntries(connections) || hasEntries(airflowVariables) || dags !== undefined || executor !== undefined) {
    changes.airflow = {
      ...(executor === undefined ? {} : { executor }),
      ...(dags === undefined ? {} : { dags }),
      ...(hasEntries(connections) ? { connections } : {}),
      ...(hasEntries(airflowVariables) ? { variables: airflowVariables } : {}),
    };
  }
  return changes;
}

/** In the API's maps null takes an entry away. */
const removed = (invocation: Invocation, option: string): Record<string, null> =>
  Object.fromEntries(list(invocation, option).map((name) => [name, null]));

const hasEntries = (map: object): boolean => Object.keys(map).length > 0;
