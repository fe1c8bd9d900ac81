/** Programs without an app, for benchmarks and the crash matrix. Only installations with test apps reach them. */
import { Database } from "@pulumi/postgresql/database.js";
import { Grant } from "@pulumi/postgresql/grant.js";
import { Role } from "@pulumi/postgresql/role.js";
import type * as pulumi from "@pulumi/pulumi";
import type { DeploymentSpec } from "../domain/deployment-spec.ts";
import { databaseName, loginRoleName, ownerRoleName } from "../domain/names.ts";
import type { ProgramInput } from "../domain/program-input.ts";
import { BenchItem } from "../providers/onvera/resources.ts";
import type { Program } from "./program.ts";
import { stackRules } from "./stack-rules.ts";

/** Versions of the bench app: `items` makes small files, `database` six real PostgreSQL resources. */
export const benchVersions = ["items", "database"] as const;

export interface BenchOutputs {
  version: string;
  resources: number;
}

const ITEM_BYTES = 256;

/**
 * Makes a bench program.
 * @throws Error when the version is not one of `benchVersions`
 */
export function benchProgram(input: ProgramInput): Program<BenchOutputs> {
  const { version, bench_resources: count = 0 } = input.spec;
  if (version !== "items" && version !== "database") {
    throw new Error(`The bench app has no version '${version}'; it has ${benchVersions.join(" and ")}.`);
  }
  return async () => {
    const rules = stackRules(input.options);
    const opts = { transformations: [rules.transformation] };
    const connectionLimit = CONNECTIONS[input.spec.size] + count;
    const made =
      version === "items"
        ? items(count, opts)
        : databases(input.identity.deploymentId, { connectionLimit, isOpen: count % 2 !== 0 }, opts);
    rules.assertAllAdopted();
    return { version, resources: made.length };
  };
}

const items = (count: number, opts: pulumi.CustomResourceOptions): pulumi.CustomResource[] =>
  Array.from({ length: count }, (_, index) => `item-${index}`).map(
    (name) => new BenchItem(name, { name, size: ITEM_BYTES }, opts),
  );

/** Connections each role and database may have, beside the count: so that another size or count updates them. */
const CONNECTIONS: Readonly<Record<DeploymentSpec["size"], number>> = { small: 10, medium: 20, large: 40 };

interface DatabaseSettings {
  connectionLimit: number;
  /** Whether everybody may make temporary tables: another count updates the grants too. */
  isOpen: boolean;
}

/** Two roles, two databases, two grants: each kind of create that recovery must be able to find again. */
function databases(
  deploymentId: string,
  { connectionLimit, isOpen }: DatabaseSettings,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
  const owner = new Role("bench-owner", { name: ownerRoleName(deploymentId), login: false, connectionLimit }, opts);
  const member = new Role(
    "bench-login",
    { name: loginRoleName(deploymentId, "a"), roles: [owner.name], connectionLimit },
    opts,
  );
  const pairs = ["", "_second"].flatMap((suffix) => {
    const logical = suffix === "" ? "bench-first" : "bench-second";
    const database = new Database(
      `${logical}-db`,
      { name: `${databaseName(deploymentId)}${suffix}`, owner: owner.name, template: "template0", connectionLimit },
      { ...opts, ignoreChanges: ["name", "owner", "template", "encoding", "lcCollate", "lcCtype"] },
    );
    const closed = new Grant(
      `${logical}-public`,
      {
        database: database.name,
        role: "public",
        objectType: "database",
        privileges: isOpen ? ["TEMPORARY"] : [],
      },
      opts,
    );
    return [database, closed];
  });
  return [owner, member, ...pairs];
}
