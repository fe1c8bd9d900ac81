/** The bench app in a whole installation: quick operations with real resources, by the real command line. */
import type { CommandResult, Installation } from "./installation.ts";

/** Turns the bench app on; give it to `makeInstallation`. */
export const withTestApps = { ONVERA_TEST_APPS: "1" };

export interface BenchApp {
  deploymentId: string;
  operationId: string;
}

/**
 * Runs a command and expects it to succeed.
 * @throws Error with everything it printed when it does not
 */
export async function succeed(installation: Installation, ...args: string[]): Promise<CommandResult> {
  const result = await installation.onvera(args);
  if (result.code === 0) return result;
  throw new Error(`onvera ${args.join(" ")} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
}

/** Submits a bench deployment; it is not waited for. */
export async function submitBench(
  installation: Installation,
  body: { name: string; version?: "items" | "database"; bench_resources?: number; environment_id?: string },
): Promise<BenchApp> {
  const data = JSON.stringify({ app_type: "bench", version: "database", ...body });
  const { stdout } = await succeed(installation, "api", "POST", "/api/v1/deployments", "-d", data);
  const answer = JSON.parse(stdout) as { data: { deployment_id: string; operation_id: string } };
  return { deploymentId: answer.data.deployment_id, operationId: answer.data.operation_id };
}

/** Submits one and waits until it is ready. */
export async function deployBench(installation: Installation, name: string): Promise<BenchApp> {
  const app = await submitBench(installation, { name });
  await succeed(installation, "ops", "wait", app.operationId);
  return app;
}
