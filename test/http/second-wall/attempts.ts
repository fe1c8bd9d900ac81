/** Every request by which somebody could try to reach a neighbour's rows, made from the OpenAPI document. */
import type { DeclaredRoute } from "../../../src/server/contracts/registry.ts";
import type { TestServer } from "../../support/http.ts";
import { requests } from "../role-matrix/requests.ts";
import { type Neighbour, SHARED_KEY } from "./neighbour.ts";

export interface Attempt {
  route: DeclaredRoute;
  /** What of the neighbour's is in it. */
  by: string;
  /** Whether it asks for something foreign by name, so that being let in is a finding by itself. */
  names: boolean;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** The answer may have no end. */
  stream?: boolean;
}

interface Schema {
  properties?: Record<string, Schema>;
  $ref?: string;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** Filters and members of bodies that take an id under another name. */
const otherNames: Readonly<Record<string, string>> = {
  resource_id: "deployment_id",
  target_id: "deployment_id",
  actor_id: "user_id",
  user: "user_id",
  resource: "deployment_id",
  follow: "ended_operation_id",
  owner_id: "user_id",
};

/** Writing comes after reading, so that there is something to read; deleting last. */
const turns = ["GET", "PUT", "PATCH", "POST", "DELETE"];

/**
 * Makes the attempts of all routes.
 * @param cursors for each list's path one that the neighbour was given
 */
export function attemptsOf(
  routes: readonly DeclaredRoute[],
  { document, neighbour, cursors }: { document: Document; neighbour: Neighbour; cursors: ReadonlyMap<string, string> },
): Attempt[] {
  const ordered = [...routes].sort((a, b) => turns.indexOf(a.method) - turns.indexOf(b.method));
  return ordered.flatMap((route) => attemptsAt(route, { document, neighbour, cursors }));
}

function attemptsAt(
  route: DeclaredRoute,
  { document, neighbour, cursors }: { document: Document; neighbour: Neighbour; cursors: ReadonlyMap<string, string> },
): Attempt[] {
  const { ids } = neighbour;
  const described = document.paths[route.path]?.[route.method.toLowerCase()];
  if (described === undefined) throw new Error(`${route.method} ${route.path} is not in the document.`);
  const { query = "", body, stream = false } = requests[route.operationId] ?? {};
  const path = fill(route.path, ids);
  const names = path !== route.path;
  const base = { route, stream, names, ...(body === undefined ? {} : { body }) };
  const plus = (pair: string) => `${path}${query === "" ? "?" : `${query}&`}${pair}`;
  const named = (described.parameters ?? []).filter((parameter) => parameter.in === "query");
  const attempts: Attempt[] = [{ ...base, by: "address", path: `${path}${query}` }];
  for (const other of alternatives(route.path, ids)) {
    attempts.push({ ...base, by: "another address", path: `${other}${query}` });
  }
  for (const { name } of named) {
    const id = ids[otherNames[name] ?? name];
    const value = name === "cursor" ? cursors.get(path) : name === "follow" ? id && `${id}:0` : id;
    if (value !== undefined)
      attempts.push({ ...base, by: `filter ${name}`, path: plus(`${name}=${encodeURIComponent(value)}`) });
  }
  const member = bodyMembers(described, document).filter((name) => ids[otherNames[name] ?? name] !== undefined);
  for (const name of member) {
    const filled = { ...(body as object), [name]: ids[otherNames[name] ?? name] };
    attempts.push({ ...base, by: `body ${name}`, names: true, path, body: filled });
  }
  const header = (by: string, headers: Record<string, string>, streams = stream): Attempt => ({
    ...base,
    by,
    path: `${path}${query}`,
    headers,
    stream: streams,
  });
  if ((described.parameters ?? []).some(({ name }) => name.toLowerCase() === "idempotency-key")) {
    attempts.push(header("idempotency key", { "Idempotency-Key": SHARED_KEY }));
  }
  if (route.access !== "public") {
    const chosen = header("chosen organization", { "X-Onvera-Organization": neighbour.organizationId });
    attempts.push({ ...chosen, names: true });
  }
  if (named.some(({ name }) => name === "follow" || name === "stream")) {
    attempts.push(header("stream", { Accept: "text/event-stream", "Last-Event-ID": "0" }, true));
  }
  return attempts;
}

const fill = (path: string, ids: Readonly<Record<string, string>>) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`The neighbour has no ${name}.`);
    return id;
  });

/** The same with what has ended or is destroyed, which other code reads. */
function alternatives(path: string, ids: Readonly<Record<string, string>>): string[] {
  const destroyed = { ...ids, deployment_id: ids.destroyed_deployment_id ?? "" };
  const ended = { ...ids, operation_id: ids.ended_operation_id ?? "" };
  return [
    ...(path.includes("{deployment_id}") ? [fill(path, destroyed)] : []),
    ...(path.includes("{operation_id}") ? [fill(path, ended)] : []),
  ];
}

function bodyMembers({ requestBody }: Operation, { components }: Document): string[] {
  const schema = requestBody?.content["application/json"]?.schema;
  const resolved = schema?.$ref ? components.schemas[schema.$ref.split("/").at(-1) ?? ""] : schema;
  return Object.keys(resolved?.properties ?? {});
}

/** For each list, by its address, what goes on after the first entry as the neighbour sees it. */
export async function cursorsOf(server: TestServer, { ownerKey, ids }: Neighbour, document: Document) {
  const cursors = new Map<string, string>();
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (!get?.parameters?.some(({ name }) => name === "cursor")) continue;
    const address = fill(path, ids);
    const { body } = await server.call("GET", `${address}?per_page=1`, { key: ownerKey });
    const next: string | null = body.data.pagination.next_cursor;
    if (next !== null) cursors.set(address, next);
  }
  return cursors;
}
