import { existsSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  appCatalog,
  configRefusal,
  defaultVersion,
  environmentRefusal,
  isReservedEnvironment,
  replicasRefusal,
  updatePath,
  updateRefusal,
  versionRefusal,
} from "../../src/domain/app-catalog.ts";
import { appTypes } from "../../src/domain/deployment-spec.ts";
import { findAppsFolder } from "../../src/local/packages/apps-folder.ts";

const versionsOf = (app: (typeof appTypes)[number]) => appCatalog[app].versions.map(({ version }) => version);

describe.each(appTypes)("the catalogue entry of %s", (app) => {
  test("offers two locked versions, the default being the newest (ON-21)", () => {
    expect(versionsOf(app)).toHaveLength(2);
    expect(defaultVersion(app)).toBe(versionsOf(app)[0]);
    for (const version of versionsOf(app)) {
      expect(existsSync(path.join(findAppsFolder(), app, version, "requirements.lock"))).toBe(true);
      expect(versionRefusal(app, version)).toBeUndefined();
    }
  });

  test("leads from each older version to the default, and never back (NH-06)", () => {
    const [newest = "", ...older] = versionsOf(app);
    for (const version of older) {
      expect(updatePath(app, version, newest)?.at(-1)).toBe(newest);
      expect(updateRefusal(app, version, newest)).toBeUndefined();
      expect(updatePath(app, newest, version)).toBeUndefined();
      expect(updateRefusal(app, newest, version)).toMatch(/cannot go from/);
    }
    expect(updatePath(app, newest, newest)).toEqual([]);
  });

  test("names only versions it offers as update targets (NH-06)", () => {
    for (const { updatesTo } of appCatalog[app].versions) {
      for (const target of updatesTo) expect(versionsOf(app)).toContain(target);
    }
  });

  test("refuses any other version and says which there are (ON-06)", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!versionsOf(app).includes(text));
        expect(versionRefusal(app, text)).toContain(defaultVersion(app));
      }),
    );
  });

  test("keeps the platform's environment to itself (design §7)", () => {
    for (const name of ["PATH", "HOME", "LD_PRELOAD", "PYTHONPATH", "ONVERA_SETTINGS"]) {
      expect(isReservedEnvironment(app, name)).toBe(true);
      expect(environmentRefusal(app, name, "x")).toContain(name);
    }
    expect(environmentRefusal(app, "MY_TOKEN", "a b=c\nd")).toBeUndefined();
  });

  test("refuses values that would be taken for a reference of ours, and only those (design §4)", () => {
    expect(environmentRefusal(app, "X", "{{secret:database_url}}")).toMatch(/\{\{word:word\}\}/);
    expect(environmentRefusal(app, "X", "{{ ds }} {{var.value.x}}")).toBeUndefined();
    expect(environmentRefusal(app, "X", "a\u0000b")).toMatch(/NUL/);
  });

  test("scales only what may be scaled, within its bounds (ON-24)", () => {
    for (const { name, scalable, maxReplicas, executor } of appCatalog[app].processes) {
      expect(replicasRefusal(app, name, 1, executor)).toBeUndefined();
      expect(replicasRefusal(app, name, maxReplicas, executor) === undefined).toBe(true);
      expect(replicasRefusal(app, name, maxReplicas + 1, executor)).toContain(name);
      expect(replicasRefusal(app, name, 0, executor)).toMatch(scalable ? /stop the deployment/ : /always runs/);
    }
    expect(replicasRefusal(app, "nothing", 1)).toContain("has no process");
  });
});

test("what Superset's platform decides cannot be configured away (NH-07)", () => {
  expect(configRefusal("superset", "SECRET_KEY")).toContain("SECRET_KEY");
  expect(configRefusal("superset", "FEATURE_FLAGS")).toContain("feature_flags");
  expect(configRefusal("superset", "ROW_LIMIT")).toBeUndefined();
});

test("Airflow's own settings stay open except the platform's (ON-21)", () => {
  expect(environmentRefusal("airflow", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "x")).toBeDefined();
  expect(environmentRefusal("airflow", "AIRFLOW__CORE__FERNET_KEY_CMD", "x")).toBeDefined();
  expect(environmentRefusal("airflow", "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT", "True")).toBeUndefined();
  expect(environmentRefusal("airflow", "AIRFLOW_CONN_MY_DB", "postgresql://h/d")).toBeUndefined();
});
