/** Hostile names and values in every field of every body: refused, or kept as they are under names that we generate (R11). */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { databaseName } from "../../src/domain/names.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

const hostile: Readonly<Record<string, unknown>> = {
  "SQL metacharacters": `'; DROP TABLE onvera.deployments; --`,
  "a quoted identifier": `x" OR "1"="1`,
  "shell metacharacters": "$(touch /tmp/owned); `id` | cat & > x",
  "YAML metacharacters": "!!python/object:os.system [a, *b, &c]: {x}",
  "format metacharacters": "%s%n%x {0} {{7*7}} #{7*7} <script>alert(1)</script>",
  "a path upwards": "../../../../etc/passwd",
  "line ends": "a\r\nX-Injected: 1\r\n\r\nb",
  "an escape sequence": "\u001b[2J\u001b]0;owned\u0007",
  "300 characters": "x".repeat(300),
  "letters of many scripts": "Ünïcödé 名前 الاسم 👩‍👩‍👧‍👦",
  "text that runs backwards": "\u202eexe.gpj",
  "letters that look alike": "раураl",
  "a huge number": 1e308,
  "a number below what is counted": Number.MIN_SAFE_INTEGER,
  "deep JSON": JSON.parse(`${"[".repeat(38)}1${"]".repeat(38)}`),
  "a prototype's name": { constructor: { prototype: { polluted: true } } },
};

interface Property {
  type?: string;
}
interface Schema {
  $ref?: string;
  properties?: Record<string, Property>;
}
interface Body {
  method: string;
  path: string;
  fields: Record<string, Property>;
}

/** Every route with a JSON body and its fields, as the OpenAPI document has them. */
function bodies(): Body[] {
  const document = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
  return Object.entries<Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>(
    document.paths,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content["application/json"]?.schema;
      const named: Schema = schema?.$ref ? document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] : schema;
      return named?.properties === undefined ? [] : [{ method: method.toUpperCase(), path, fields: named.properties }];
    }),
  );
}

/** What makes a body good but for the one field; routes that are not named need nothing else. */
const otherwise: Readonly<Record<string, Record<string, unknown>>> = {
  "POST /api/v1/deployments": { app_type: "airflow" },
  "POST /api/v1/environments": { name: "fine" },
  "POST /api/v1/projects": { name: "fine" },
  "POST /api/v1/api-keys": { name: "fine" },
  "POST /api/v1/invitations": { email: "fine@example.test" },
  "POST /api/v1/organizations": { name: "fine" },
  "POST /api/v1/auth/login": { email: "fine@example.test", password: "vivid-otter-kneads-lamp" },
  "POST /api/v1/auth/sign-up": { email: "fine@example.test", name: "fine", password: "vivid-otter-kneads-lamp" },
};

/** The value itself, and where the field holds several things, in their place and as their name. */
function shapes(value: unknown, { type }: Property): unknown[] {
  if (type === "array") return [value, [value]];
  if (type === "object") return [value, { NAME: value }, { [String(value)]: "x" }, { config: { NAME: value } }];
  return [value];
}

let server: TestServer;
let key: string;
let tables: number;

beforeAll(async () => {
  server = await startTestServer({ limits: { perCaller: 1_000_000, failuresPerAddress: 1_000_000 } });
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  key = (await server.addKey({ organizationId, userId })).key;
  tables = await countTables();
});
afterAll(() => server.close());

async function countTables(): Promise<number> {
  const { rows } = await server.store.pool.query(
    "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema IN ('onvera', 'pulumi')",
  );
  return rows[0].n;
}

it.each(bodies().map((body) => [`${body.method} ${body.path}`, body] as const))(
  "%s refuses hostile values with a 4xx or keeps them under safe names (R11)",
  async (name, { method, path, fields }) => {
    const { id } = await server.deploy(key);
    const target = path.replace("{deployment_id}", id).replace(/\{environment_id\}/, "env_default");
    for (const [field, property] of Object.entries(fields)) {
      for (const [what, value] of Object.entries(hostile)) {
        for (const shaped of shapes(value, property)) {
          const body = { ...otherwise[name], [field]: shaped };
          const answer = await server.call(method, target.replace(/\{\w+\}/, "usr_nobody"), { key, body });
          expect(answer.status, `${field}: ${what}`).toBeLessThan(500);
          expect(answer.headers.get("x-injected")).toBeNull();
          if (answer.status >= 300) expect(answer.body.error.request_id).toMatch(/^req_/);
        }
      }
    }
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  },
);

it("what was taken stands there unchanged, and every name made of it is our own (R11)", async () => {
  const names = Object.values(hostile).filter((value) => typeof value === "string");
  let taken = 0;
  for (const name of names) {
    const made = await server.call("POST", "/api/v1/deployments", { key, body: { app_type: "superset", name } });
    if (made.status !== 202) continue;
    taken += 1;
    const { data } = (await server.call("GET", made.body.data.links.deployment, { key })).body;
    expect(data.name).toBe(name);
    expect(data.url === null || /^https?:\/\/[a-z0-9-]+\.localhost:\d+\/?$/.test(data.url)).toBe(true);
    expect(databaseName(data.id)).toMatch(/^ov_[0-9a-f]{32}$/);
  }
  expect(taken).toBeGreaterThan(0);
  const { rows } = await server.store.pool.query("SELECT host_label FROM onvera.deployments");
  for (const { host_label: label } of rows) expect(label).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  expect(await countTables()).toBe(tables);
});
