/** `postgresql:index/database:Database`. */
import { ownershipMark } from "../../domain/names.ts";
import { type CallContext, type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import type { Values } from "../host/values.ts";
import { inSession, type PostgresAdmin, type PostgresSession, type Row } from "./admin.ts";
import { handOverContents } from "./clone-ownership.ts";
import { dropDatabase } from "./database-drop.ts";
import { createDatabase, DatabaseInputs, databaseFromRow, isBuiltInTemplate, readDatabase } from "./database-facts.ts";
import { ensureMembership } from "./membership.ts";
import { mark, refuseForeign, requireOurs } from "./ownership-mark.ts";
import { identifier } from "./sql-text.ts";

export function databaseHandler(admin: PostgresAdmin): ResourceHandler {
  const outputsOf = async (session: PostgresSession, database: DatabaseInputs): Promise<Values> => {
    const row = await readDatabase(session, database.name);
    if (row === null) throw new Error(`Database ${database.name} is gone. Refresh the deployment, then try again.`);
    const template = database.template ?? "template0";
    return { ...databaseFromRow(database.name, row), template, id: database.name };
  };
  const handOver = async (database: DatabaseInputs, context: CallContext): Promise<void> => {
    const { owner, name, template, alterObjectOwnership } = database;
    if (owner === undefined || (isBuiltInTemplate(template) && !alterObjectOwnership)) return;
    await inSession(admin, context, name, (session) => handOverContents(session, owner));
  };

  return resourceHandler(DatabaseInputs, {
    type: "postgresql:index/database:Database",
    computed: ["owner", "encoding", "lcCollate", "lcCtype", "tablespaceName", "isTemplate", "template"],
    replaceOn: ["name", "template", "encoding", "lcCollate", "lcCtype"],
    keptWhenAbsent: ["owner", "template", "encoding", "lcCollate", "lcCtype", "tablespaceName", "isTemplate"],
    unreadable: ["template", "alterObjectOwnership"],
    physicalName: ({ name }) => name,

    create: async (database, context) => {
      const { name, owner } = database;
      await inSession(admin, context, null, async (session) => {
        const existing = await readDatabase(session, name);
        if (existing !== null) requireOursOrHalfMade(name, existing, context.stackName);
        if (owner !== undefined) await ensureMembership(session, owner);
        if (existing === null) await session.query(createDatabase(database));
        await mark(session, "DATABASE", name, context.stackName);
      });
      await handOver(database, context);
      const outputs = await inSession(admin, context, null, async (session) => {
        await converge(session, database);
        return outputsOf(session, database);
      });
      return { id: name, outputs };
    },

    read: (id, known, context) =>
      inSession(admin, context, null, async (session) => {
        const row = await readDatabase(session, id);
        if (row === null) return null;
        const inputs = databaseFromRow(id, row);
        const kept = {
          template: known?.outputs.template,
          alterObjectOwnership: known?.outputs.alterObjectOwnership ?? false,
        };
        return { inputs, outputs: { ...kept, ...inputs, id } };
      }),

    update: async (id, database, known, context) => {
      await inSession(admin, context, null, async (session) => {
        const existing = await readDatabase(session, id);
        if (existing === null) throw new Error(`Database ${id} is gone. Refresh the deployment, then try again.`);
        refuseForeign("Database", id, textOrNull(existing.comment), context.stackName);
        await converge(session, database);
      });
      if (database.alterObjectOwnership && database.owner !== known.outputs.owner) await handOver(database, context);
      return inSession(admin, context, null, (session) => outputsOf(session, database));
    },

    delete: (id, _known, context) => dropDatabase(admin, context, id),

    // What a database was cloned from leaves no trace, and nothing can be done about it later.
    verify: async () => true,
  });
}

/**
 * A create that was cut short between CREATE DATABASE and its mark left a database without a comment; its owner, which is
 * set in the same statement as the database itself, says whose it is.
 */
function requireOursOrHalfMade(name: string, row: Row, stackName: string): void {
  const halfMade = row.comment === null && row.owner_comment === ownershipMark(stackName);
  if (!halfMade) requireOurs("Database", name, textOrNull(row.comment), stackName);
}

async function converge(session: PostgresSession, database: DatabaseInputs): Promise<void> {
  const row = await readDatabase(session, database.name);
  if (row === null) return;
  const alter = `ALTER DATABASE ${identifier(database.name)}`;
  const { owner, connectionLimit, allowConnections, isTemplate, tablespaceName } = database;
  if (owner !== undefined && owner !== row.owner) {
    await ensureMembership(session, owner);
    await session.query(`${alter} OWNER TO ${identifier(owner)}`);
  }
  if (tablespaceName !== undefined && tablespaceName !== row.tablespace) {
    await session.query(`${alter} SET TABLESPACE ${identifier(tablespaceName)}`);
  }
  const options = [
    connectionLimit !== row.connection_limit && `CONNECTION LIMIT ${connectionLimit}`,
    allowConnections !== row.allow_connections && `ALLOW_CONNECTIONS ${allowConnections}`,
    isTemplate !== undefined && isTemplate !== row.is_template && `IS_TEMPLATE ${isTemplate}`,
  ].filter((option) => option !== false);
  if (options.length > 0) await session.query(`${alter} WITH ${options.join(" ")}`);
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
