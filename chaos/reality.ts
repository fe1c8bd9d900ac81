/**
 * Looks with its own eyes: what the state says, what exists, what the records and the ledger say of one stack. Nothing of
 * the product is used here, only SQL of its own and the ledger's lines. One JSON question a line in, one answer a line out.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import pg from "pg";
import type { Facts, Question } from "./crash-matrix/facts.ts";

for await (const line of createInterface(process.stdin)) {
  const question = JSON.parse(line) as Question;
  const answer = await factsOf(question).then(
    (facts) => ({ facts }),
    (error: unknown) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function factsOf({ control, server, ledger, stack }: Question): Promise<Facts> {
  const [ours, theirs] = await Promise.all([
    inDatabase(control, (client) => recordsOf(client, stack)),
    inDatabase(server, (client) => existing(client, stack)),
  ]);
  return { ...ours, ...theirs, lastEffects: lastEffects(ledger, stack) };
}

async function recordsOf(client: pg.Client, stack: string) {
  const rows = async <Row>(text: string): Promise<Row[]> => (await client.query(text, [stack])).rows as Row[];
  const [state] = await rows<{ text: string }>(
    `SELECT convert_from(decode(data ->> 'data', 'base64'), 'UTF8') AS text FROM pulumi.pulumi_state
     WHERE key = current_database() || '/.pulumi/stacks/onvera/' || $1 || '.json'`,
  );
  const latest = state === undefined ? undefined : JSON.parse(state.text).checkpoint?.latest;
  const inState: { urn: string; type: string; id?: string; custom?: boolean }[] = latest?.resources ?? [];
  const [deployment] = await rows<Facts["deployment"]>(
    `SELECT applied_revision, wanted_revision, destroyed_at IS NOT NULL AS destroyed FROM onvera.deployments WHERE id = $1`,
  );
  return {
    hasState: state !== undefined,
    state: inState
      .filter(({ custom, type }) => custom === true && !type.startsWith("pulumi:"))
      .map(({ urn, id }) => ({ urn, id: id ?? "" })),
    pending: latest?.pending_operations?.length ?? 0,
    locks: (
      await rows(`SELECT 1 FROM pulumi.pulumi_state WHERE key LIKE '%/.pulumi/locks/%' AND position($1 in key) > 0`)
    ).length,
    operations: await rows<Facts["operations"][number]>(
      `SELECT id, type, status, error ->> 'code' AS code, attempt, lease_generation AS generation FROM onvera.operations
       WHERE resource_id = $1 ORDER BY requested_at`,
    ),
    deployment,
    recorded: (
      await rows<{ urn: string }>(
        "SELECT urn FROM onvera.deployment_resources WHERE deployment_id = $1 AND deleted_at IS NULL AND type LIKE 'postgresql:%'",
      )
    ).map(({ urn }) => urn),
    unsettledIntents: (await rows("SELECT 1 FROM onvera.create_intents WHERE stack_name = $1 AND settled_at IS NULL"))
      .length,
  };
}

/** Whatever carries the stack's mark or its name. */
async function existing(client: pg.Client, stack: string): Promise<Pick<Facts, "roles" | "databases">> {
  const prefix = `ov_${stack.replace(/^dep_/, "").replaceAll("-", "")}`;
  const roles = await client.query<Facts["roles"][number]>(
    `SELECT rolname::text AS name, oid::int AS oid, rolconnlimit AS "connectionLimit",
       shobj_description(oid, 'pg_authid') = 'onvera:' || $2 AS marked FROM pg_roles
     WHERE starts_with(rolname, $1) OR shobj_description(oid, 'pg_authid') = 'onvera:' || $2 ORDER BY 1`,
    [prefix, stack],
  );
  const databases = await client.query<Facts["databases"][number]>(
    `SELECT datname::text AS name, oid::int AS oid, datconnlimit AS "connectionLimit",
       shobj_description(oid, 'pg_database') = 'onvera:' || $2 AS marked,
       ARRAY(SELECT privilege_type::text FROM aclexplode(COALESCE(datacl, acldefault('d', datdba)))
         WHERE grantee = 0 ORDER BY 1) AS "publicPrivileges" FROM pg_database
     WHERE starts_with(datname, $1) OR shobj_description(oid, 'pg_database') = 'onvera:' || $2 ORDER BY 1`,
    [prefix, stack],
  );
  return { roles: roles.rows, databases: databases.rows };
}

/** The last line of each thing the stack's operations did something to. */
function lastEffects(ledger: string, stack: string): Facts["lastEffects"] {
  const last: Facts["lastEffects"] = {};
  for (const line of readFileSync(ledger, "utf8").split("\n")) {
    if (!line.includes(stack)) continue;
    const { urn, ...effect } = JSON.parse(line) as { urn: string } & Facts["lastEffects"][string];
    last[urn] = effect;
  }
  return last;
}

async function inDatabase<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
