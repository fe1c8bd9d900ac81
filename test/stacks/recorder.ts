/**
 * Runs a program against Pulumi's mocks and keeps every registration as the engine would have received it, options
 * included. What it does not show: whether a provider accepts the inputs, what a diff becomes, the engine's own
 * ordering. The real CLI does (test/automation/program-local.test.ts).
 */
import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";

// A program takes some 50 ms here; a machine that is busy with other layers takes many times that.
vi.setConfig({ testTimeout: 60_000 });

interface Registration {
  type: string;
  name: string;
  custom: boolean;
  /** Logical name of the parent; empty below the stack. */
  parent: string;
  /** As sent; a secret stands as `{secret: value}`. Inputs left undefined are absent. */
  inputs: Record<string, unknown>;
  /** Undefined when the program said nothing. */
  protect: boolean | undefined;
  ignoreChanges: string[];
  importId: string;
  /** Logical names of what it waits for, sorted. */
  dependsOn: string[];
  timeouts: { create: string; update: string } | undefined;
}

export interface Recording {
  resources: Registration[];
  outputs: Record<string, unknown>;
  named(name: string): Registration;
}

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Outputs a provider would add, by type. */
const computed: Record<string, (inputs: Record<string, unknown>, name: string) => Record<string, unknown>> = {
  "random:index/randomPassword:RandomPassword": (_inputs, name) => ({ result: `${name}-result` }),
  "onvera:local:Identity": () => ({ uid: 60_000, home: "/home/of/deployment" }),
  "onvera:local:Ports": ({ names }) => ({
    ports: Object.fromEntries((names as string[]).map((port, index) => [port, 20_000 + index])),
  }),
};

/** Runs the program to its end: every registration done, every output known. */
export async function record(program: () => Promise<object>): Promise<Recording> {
  const resources: Registration[] = [];
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: { ...inputs, ...computed[type]?.(inputs, name) },
      }),
    },
    "onvera",
    "dep_test",
  );
  intercept(resources);
  const outputs = await program()
    .then(resolved)
    .finally(() => pulumi.runtime.disconnect());
  return {
    resources,
    outputs,
    named: (name) => {
      const found = resources.find((resource) => resource.name === name);
      if (found === undefined)
        throw new Error(`No resource '${name}' among ${resources.map((one) => one.name).join(", ")}`);
      return found;
    },
  };
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getProtect(): boolean;
  hasProtect(): boolean;
  getIgnorechangesList(): string[];
  getImportid(): string;
  getDependenciesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string } | undefined;
}

/** Mocks hand over inputs only; the request itself also tells protection, ignored changes, imports and dependencies. */
function intercept(resources: Registration[]): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: RegisterRequest, callback: unknown): void;
  };
  const original = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const timeouts = request.getCustomtimeouts();
    resources.push({
      type: request.getType(),
      name: request.getName(),
      custom: request.getCustom(),
      parent: logicalName(request.getParent()),
      inputs: readable(request.getObject().toJavaScript()) as Record<string, unknown>,
      protect: request.hasProtect() ? request.getProtect() : undefined,
      ignoreChanges: request.getIgnorechangesList(),
      importId: request.getImportid(),
      dependsOn: [...new Set(request.getDependenciesList().map(logicalName))].sort(),
      timeouts: timeouts?.getCreate() ? { create: timeouts.getCreate(), update: timeouts.getUpdate() } : undefined,
    });
    original(request, callback);
  };
}

const logicalName = (urn: string): string => (urn === "" ? "" : (urn.split("::").pop() ?? ""));

function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (value === null || typeof value !== "object") return value;
  if (SECRET_SIGNATURE in value && "value" in value) return { secret: readable(value.value) };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]));
}

async function resolved(outputs: object): Promise<Record<string, unknown>> {
  const entries = Object.entries(outputs).map(async ([key, value]) => {
    if (!pulumi.Output.isInstance(value)) return [key, value];
    const secret = await pulumi.isSecret(value);
    const plain = await new Promise((resolve) => value.apply(resolve));
    return [key, secret ? { secret: plain } : plain];
  });
  return Object.fromEntries(await Promise.all(entries));
}
