/** A database of the customer's own, beside the platform's, for an app to ask. */
import type { InstallationAccess } from "./installation-access.ts";

/** Makes it with one table, `sales`, of two rows. @returns the URL an app connects to it with */
export async function makeWarehouse({ query, databasePort }: InstallationAccess): Promise<string> {
  await query("CREATE ROLE warehouse LOGIN PASSWORD 'warehouse'");
  await query("CREATE DATABASE warehouse");
  await query("CREATE TABLE sales AS SELECT 6 AS pieces UNION SELECT 36", [], "warehouse");
  await query("GRANT SELECT ON sales TO warehouse", [], "warehouse");
  return `postgresql://warehouse:warehouse@127.0.0.1:${databasePort}/warehouse`;
}
