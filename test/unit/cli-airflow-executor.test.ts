/** `--executor` of `update` and `plan` (issue 5). */
import { expect, it } from "vitest";
import { changesOf } from "../../src/cli/actions/deployment-changes.ts";
import type { Invocation } from "../../src/cli/invocation.ts";

const given = (options: Record<string, string | string[]>) => ({ options }) as unknown as Invocation;

it("names the executor alone in a change, so that everything else stays (ON-17)", async () => {
  expect(await changesOf(given({ executor: "kubernetes" }), "airflow")).toEqual({
    airflow: { executor: "kubernetes" },
  });
  const both = await changesOf(given({ executor: "local", variable: ["a=b"] }), "airflow");
  expect(both).toEqual({ airflow: { executor: "local", variables: { a: "b" } } });
  expect(await changesOf(given({ size: "large" }), "airflow")).toEqual({ size: "large" });
});

it("is refused for another app (ON-06)", async () => {
  await expect(changesOf(given({ executor: "celery" }), "superset")).rejects.toThrow(/--executor.* are for airflow/);
});
