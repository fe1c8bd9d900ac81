/** Projects: groups of environments. */
import type { Selectable } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import type { Scoped } from "../../store/database.ts";
import type { ProjectsTable } from "../../store/tables/organizations.ts";

/** @throws OnveraError PROJECT_NOT_FOUND, also where it is another organization's */
export async function findProject(db: Scoped, organizationId: string, id: string): Promise<Selectable<ProjectsTable>> {
  const found = await db
    .selectFrom("projects")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", parseId("project", id) ?? "")
    .executeTakeFirst();
  if (!found) throw new OnveraError("PROJECT_NOT_FOUND");
  return found;
}
