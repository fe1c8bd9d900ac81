import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import grpcProto from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ProviderHooks, Run } from "../../src/providers/host/hooks.ts";
import { type ProviderHost, startProviderHost } from "../../src/providers/host/provider-host.ts";
import { type HandlerSpec, resourceHandler } from "../../src/providers/host/resource-handler.ts";
import { decodeProperties, encodeProperties, type Values } from "../../src/providers/host/values.ts";
import { bundle } from "../support/bundle.ts";
import { openHooks } from "../support/provider-workbench.ts";

type Client = InstanceType<typeof grpcProto.ResourceProviderClient>;
type Thing = { name: string };

const isRoot = process.getuid?.() === 0;
const urn = "urn:pulumi:dep_1::onvera::test:index:Thing::thing";
const run: Run = { operationId: "op_1", generation: 1, stackName: "dep_1", workDir: "/" };

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function hostOf(create: HandlerSpec<Thing>["create"], hooks: Partial<ProviderHooks> = {}): Promise<ProviderHost> {
  const thing = resourceHandler(z.strictObject({ name: z.string() }), {
    type: "test:index:Thing",
    replaceOn: "all",
    physicalName: ({ name }) => name,
    create,
    read: async () => null,
    update: async () => ({}),
    delete: async () => {},
  });
  const host = await startProviderHost({
    packages: [{ name: "test", version: "1.0.0", handlers: [thing] }],
    hooks: { ...openHooks, ...hooks },
  });
  closers.push(() => host.stop());
  return host;
}

/** A connection of its own, as each CLI process has one. */
function connect(host: ProviderHost): Client {
  const options = { "grpc.use_local_subchannel_pool": 1 };
  const client = new grpcProto.ResourceProviderClient(
    `127.0.0.1:${host.ports.test}`,
    credentials.createInsecure(),
    options,
  );
  closers.push(() => client.close());
  return client;
}

/** The same through a relay that can be torn down, as a connection ends when its process is killed. */
async function connectMortal(host: ProviderHost): Promise<{ client: Client; kill(): void }> {
  const sockets = new Set<Socket>();
  const relay = createServer((socket) => {
    const onward = createConnection({ host: "127.0.0.1", port: host.ports.test ?? 0 });
    for (const end of [socket, onward]) sockets.add(end.on("error", () => {}));
    socket.pipe(onward).pipe(socket);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address() as AddressInfo;
  const kill = () => {
    relay.close();
    for (const socket of sockets) socket.destroy();
  };
  closers.push(kill);
  return { client: connect({ ...host, ports: { test: port } }), kill };
}

const configure = (client: Client, args: Values = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = new proto.ConfigureRequest()
      .setArgs(encodeProperties(args, new Set()))
      .setUrn("urn:pulumi:dep_1::onvera::pulumi:providers:test::default");
    client.configure(request, (error: Error | null) => (error ? reject(error) : resolve()));
  });

const createThing = (client: Client, name = "one"): Promise<Values> =>
  new Promise((resolve, reject) => {
    const request = new proto.CreateRequest().setUrn(urn).setProperties(encodeProperties({ name }, new Set()));
    client.create(request, (error: Error | null, response?: proto.CreateResponse) =>
      error ? reject(error) : resolve(decodeProperties(response?.getProperties()).values),
    );
  });

function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("a create whose CLI is gone", () => {
  it("goes on to its end, the run's end waits for it, and the next attempt begins only then", async () => {
    const order: string[] = [];
    const [begun, mayEnd] = [gate(), gate()];
    const host = await hostOf(async ({ name }, context) => {
      order.push(`begin ${context.run?.generation}`);
      if (context.run?.generation === 1) {
        begun.open();
        await mayEnd.opened;
      }
      order.push(`end ${context.run?.generation}`);
      return { id: name, outputs: {} };
    });
    const first = host.registerRun(run);
    const killed = await connectMortal(host);
    const lost = createThing(killed.client).catch(() => "lost");
    await begun.opened;
    killed.kill();
    expect(await lost).toBe("lost");

    host.registerRun({ ...run, generation: 2 });
    const again = createThing(connect(host));
    const ended = first.end().then(() => order.push("run ended"));
    mayEnd.open();
    await Promise.all([again, ended]);
    expect(order.indexOf("begin 2")).toBeGreaterThan(order.indexOf("end 1"));
    expect(order.indexOf("run ended")).toBeGreaterThan(order.indexOf("end 1"));
  });

  it("stops waiting for work that is done elsewhere", async () => {
    const begun = gate();
    const host = await hostOf(async (_thing, { abandoned }) => {
      begun.open();
      await once(abandoned, "abort");
      throw new Error("Nobody waits any more.");
    });
    const registered = host.registerRun(run);
    const killed = await connectMortal(host);
    const lost = createThing(killed.client).catch(() => "lost");
    await begun.opened;
    killed.kill();
    await registered.end();
    expect(await lost).toBe("lost");
  });
});

describe("a connection", () => {
  it("keeps the run it was opened under, so that a stale CLI cannot pass for the next attempt", async () => {
    const host = await hostOf(async ({ name }) => ({ id: name, outputs: {} }), {
      checkFence: async ({ generation }) => {
        if (generation < 2) throw new Error(`Generation ${generation} is past.`);
      },
    });
    host.registerRun(run);
    const stale = connect(host);
    await configure(stale);
    host.registerRun({ ...run, generation: 2 });
    const fresh = connect(host);
    await configure(fresh);
    await expect(createThing(stale)).rejects.toThrow("Generation 1 is past.");
    expect(await createThing(fresh)).toEqual({ name: "one" });
  });

  it("keeps its own configuration", async () => {
    const host = await hostOf(async ({ name }, { config }) => ({ id: name, outputs: { server: config.host } }));
    host.registerRun(run);
    const [left, right] = [connect(host), connect(host)];
    await Promise.all([configure(left, { host: "left" }), configure(right, { host: "right" })]);
    expect(await Promise.all([createThing(left, "a"), createThing(right, "b")])).toMatchObject([
      { server: "left" },
      { server: "right" },
    ]);
  });

  it("survives an error text of any length, and says what is not implemented", async () => {
    const host = await hostOf(async () => {
      throw new Error(`first ${"é".repeat(200_000)} last`);
    });
    host.registerRun(run);
    const client = connect(host);
    await expect(createThing(client)).rejects.toThrow(/first.*characters left out.*last/s);
    const invoked = new Promise((resolve) =>
      client.invoke(new proto.InvokeRequest(), (error: unknown) => resolve(error)),
    );
    expect(await invoked).toMatchObject({ code: 12 });
  });

  it("that says nonsense or leaves at once does no harm to the others", async () => {
    const host = await hostOf(async ({ name }) => ({ id: name, outputs: {} }));
    host.registerRun(run);
    const visit = async (text: string) => {
      const socket = createConnection({ host: "127.0.0.1", port: host.ports.test ?? 0 }).on("error", () => {});
      await once(socket, "connect");
      if (text === "") socket.resetAndDestroy();
      else socket.end(text).resume();
      await once(socket, "close");
    };
    await Promise.all(Array.from({ length: 40 }, (_, index) => visit(index % 2 === 0 ? "" : "GET / HTTP/1.1\r\n\r\n")));
    expect(await createThing(connect(host))).toEqual({ name: "one" });
  });

  it.runIf(isRoot)("of another uid is turned away before a byte is read", async () => {
    const refused: number[] = [];
    const host = await startProviderHost({
      packages: [{ name: "test", version: "1", handlers: [] }],
      hooks: openHooks,
      onRefused: (uid) => refused.push(uid),
    });
    closers.push(() => host.stop());
    const visits = ['.connect(P, "127.0.0.1")', '.connect(P, "::ffff:127.0.0.1")'];
    for (const visit of visits) {
      const script = `require("net")${visit.replace("P", String(host.ports.test))}.on("error", () => {}).on("close", () => process.exit(7))`;
      const stranger = spawn(process.execPath, ["-e", script], { uid: 65_534, gid: 65_534, cwd: "/", stdio: "ignore" });
      const [code] = await once(stranger, "exit");
      expect(code).toBe(7);
    }
    expect(refused).toEqual([65_534, 65_534]);
  });
});

describe("the host's modules", () => {
  it("load within 300 ms of processor time, since they are on the way to every start", async () => {
    const outfile = await bundle("src/providers/host/provider-host.ts");
    const script = `await import(${JSON.stringify(outfile)}); const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)`;
    const measure = async (source: string): Promise<number> =>
      Number((await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source])).stdout);
    const bare = await measure("const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)");
    expect((await measure(script)) - bare).toBeLessThan(300);
  });
});
