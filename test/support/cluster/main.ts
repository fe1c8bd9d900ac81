/** `npm run cluster -- up|down|status`: keeps a rig running for development. */
import { ensureAppImage, newestLocks } from "./app-image.ts";
import { ensureGoProgram, kubernetesProgram } from "./go-program.ts";
import { holdRig } from "./rig-lock.ts";
import { rigPlace } from "./rig-place.ts";
import { findCluster, obstacle, startCluster, stopRig } from "./running-cluster.ts";
import { rigVariable } from "./test-cluster.ts";

const help = `Usage: npm run cluster -- VERB

Keeps a real one-node Kubernetes running on this machine for development; 'npm run test:cluster' uses it if it is up.

Verbs:
  up       starts it (a running one is started anew) and says where its kubeconfig is
  status   says whether it runs; exit code 1 when it does not
  down     ends it and undoes what it changed
  images   makes and imports the images of the newest apps, or of the locks named: images superset/6.1.0
  help     this text

Example: npm run cluster -- up
`;

const say = (text: string) => process.stdout.write(`${text}\n`);
const place = rigPlace(process.env[rigVariable] === "test" ? "test" : "dev");
const verb = process.argv[2];

const verbs: Record<string, () => Promise<number>> = {
  async up() {
    const reason = obstacle();
    if (reason !== undefined) {
      process.stderr.write(`The rig cannot be started: ${reason}\n`);
      return 3;
    }
    const startedAt = Date.now();
    const giveBack = await holdRig(place, say);
    await startCluster(place, say).finally(giveBack);
    say(`Ready after ${Math.round((Date.now() - startedAt) / 1000)} s.`);
    return verbs.status?.() ?? 0;
  },
  async status() {
    const cluster = await findCluster(place);
    if (cluster === undefined) {
      say("No rig is running; 'npm run cluster -- up' starts one.");
      return 1;
    }
    const kubernetes = await ensureGoProgram(kubernetesProgram, say);
    say(`API server   ${cluster.server}`);
    say(`kubeconfig   ${place.kubeconfigFile}`);
    say(`kubectl      ${kubernetes} kubectl --kubeconfig ${place.kubeconfigFile}`);
    say(`this machine ${cluster.hostAddress} (as pods see it)`);
    say(`logs         ${place.logs}`);
    return 0;
  },
  async down() {
    const giveBack = await holdRig(place, say);
    await stopRig(place).finally(giveBack);
    return 0;
  },
  async images() {
    if ((await findCluster(place)) === undefined) return verbs.status?.() ?? 1;
    const locks = process.argv.slice(3);
    for (const lock of locks.length > 0 ? locks : newestLocks) say(await ensureAppImage(place, lock, say));
    return 0;
  },
  async help() {
    process.stdout.write(help);
    return 0;
  },
};

const chosen = verbs[verb === "--help" ? "help" : (verb ?? "")];
if (chosen === undefined) {
  process.stderr.write(`${help}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await chosen();
}
