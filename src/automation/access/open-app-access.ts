/** Which app is asked how. */
import type { AppType } from "../../domain/deployment-spec.ts";
import { airflowAccess } from "./airflow-access.ts";
import type { AppAccess, AppDoor } from "./app-access.ts";
import { supersetAccess } from "./superset-access.ts";

const access: Record<AppType, (door: AppDoor) => AppAccess> = { superset: supersetAccess, airflow: airflowAccess };

/** One app's people. Nothing is asked before the first call; it may be kept for as long as one sync lasts. */
export const openAppAccess = (app: AppType, door: AppDoor): AppAccess => access[app](door);
