/** The program of a deployment: wiring only, the same for every target. */
import * as pulumi from "@pulumi/pulumi";
import { databaseLogins } from "../domain/database-logins.ts";
import type { ProgramInput } from "../domain/program-input.ts";
import { sizes } from "../domain/sizes.ts";
import type { Workload } from "../domain/workload.ts";
import { deployMode } from "./apps/app-module.ts";
import type { Database } from "./components/database.ts";
import type { Secrets } from "./components/secrets.ts";
import type { Target } from "./components/target.ts";
import { stackRules } from "./stack-rules.ts";
import { checkWorkload } from "./workload-check.ts";
import { digestOf } from "./workload-digests.ts";

export interface DeploymentOutputs {
  url: pulumi.Output<string>;
  host: pulumi.Output<string>;
  database: pulumi.Output<string>;
  admin_username: string;
  /** Secret. */
  admin_password: pulumi.Output<string>;
  app_type: string;
  version: string;
}

/** What a Pulumi runtime runs: declares the resources and answers the stack's outputs. */
export type Program<Outputs> = () => Promise<Outputs>;

/**
 * Makes the program of one deployment.
 * @param input plain data; see ProgramInput
 * @param target the five components of the cluster it goes to
 * @throws Error when the workload cannot be rendered, before anything is declared
 */
export function deploymentProgram(input: ProgramInput, target: Target): Program<DeploymentOutputs> {
  const { identity, spec, context, custody, revision } = input;
  const { deploymentId } = identity;
  const workload = requireWorkload(input);
  checkWorkload(workload, new Set([...databaseSecretNames, "admin_password", ...Object.keys(custody)]));

  return async () => {
    const rules = stackRules(input.options);
    const opts = { transformations: [rules.transformation] };

    const logins = databaseLogins(spec, input.options.keepLogin);
    const secrets = new target.Secrets(
      "secrets",
      {
        logins,
        custody: Object.fromEntries(Object.entries(custody).map(([name, value]) => [name, pulumi.secret(value)])),
      },
      opts,
    );
    const database = new target.Database(
      "database",
      {
        deploymentId,
        host: context.databaseHost,
        port: context.databasePort,
        template: context.templateDatabase ?? undefined,
        loginPasswords: secrets.loginPasswords,
        login: spec.database_login,
        logins,
        connectionLimit: sizes[spec.size].connectionLimit,
      },
      opts,
    );
    const network = new target.Network("network", { deploymentId, spec, workload, context }, opts);
    const compute = new target.Compute(
      "compute",
      {
        deploymentId,
        revision,
        spec,
        workload,
        context,
        secrets: workloadSecrets(workload, secrets, database),
        secretsVersion: secretsVersion(input),
        network,
        database,
      },
      opts,
    );
    const dns = new target.Dns("dns", { deploymentId, spec, workload, context, compute }, opts);
    rules.assertAllAdopted();

    return {
      url: dns.url,
      host: dns.host,
      database: database.database,
      admin_username: deployMode.admin.username,
      admin_password: secrets.adminPassword,
      app_type: identity.appType,
      version: spec.version,
    };
  };
}

/** A deployment that was never rotated keeps the digest it was made with. */
function secretsVersion({ custody, spec, context }: ProgramInput): string {
  const rotation = spec.database_rotation === 0 ? [] : [spec.database_rotation];
  return digestOf([custody, spec.database_login, context.databaseHost, context.databasePort, ...rotation]);
}

const databaseSecretNames = [
  "database_url",
  "database_host",
  "database_port",
  "database_name",
  "database_user",
  "database_password",
];

/** Exactly the secrets the workload names: an app is handed nothing it does not use. */
function workloadSecrets(
  workload: Workload,
  secrets: Secrets,
  database: Database,
): Record<string, pulumi.Output<string>> {
  const { host, port, username, password } = database;
  const offered: Record<string, pulumi.Output<string>> = {
    ...secrets.custody,
    admin_password: secrets.adminPassword,
    database_url: pulumi.interpolate`postgresql://${username}:${password}@${host}:${port}/${database.database}`,
    database_host: host,
    database_port: port.apply(String),
    database_name: database.database,
    database_user: username,
    database_password: password,
  };
  return Object.fromEntries(Object.entries(offered).filter(([name]) => workload.secrets.includes(name)));
}

function requireWorkload({ identity, workload }: ProgramInput): Workload {
  if (workload === null)
    throw new Error(`A deployment of ${identity.appType} needs a workload; only the bench app has none.`);
  return workload;
}
