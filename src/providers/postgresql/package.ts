/** Substitute for the parts of the official `postgresql` plugin that our programs use. */
import type { ProviderPackage } from "../host/provider-package.ts";
import type { PostgresAdmin } from "./admin.ts";
import { databaseHandler } from "./database.ts";
import { grantHandler } from "./grant.ts";
import { roleHandler } from "./role.ts";

export function postgresqlPackage(admin: PostgresAdmin): ProviderPackage {
  return {
    name: "postgresql",
    version: "3.18.1",
    handlers: [roleHandler(admin), databaseHandler(admin), grantHandler(admin)],
  };
}
