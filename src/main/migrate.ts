/** `onvera migrate`: brings the schema up to date, for installations that start servers and workers apart. Safe twice at once. */
import { resolvePaths } from "../local/paths.ts";
import { prepareFolders } from "../local/prepare-folders.ts";
import { migrate } from "../store/migrate.ts";
import { tellingDatabaseAway } from "./external-database.ts";
import { reachDatabase } from "./installation.ts";
import type { Verb } from "./verb.ts";

export const runMigrate: Verb = async (_options, io) => {
  const paths = resolvePaths();
  await prepareFolders(paths);
  const { databaseUrl } = await reachDatabase(paths, io.progress, io.signal);
  const applied = await tellingDatabaseAway(databaseUrl, () => migrate(databaseUrl));
  io.out(applied.length === 0 ? "The schema is up to date.\n" : `Applied ${applied.join(", ")}.\n`);
  return 0;
};
