/** `onvera resources`: the resources of a deployment's stack, as a tree. */
import type { StackResource } from "../api/contract.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation, isSet } from "../invocation.ts";
import { dim } from "../output/paint.ts";
import { safeText } from "../output/safe-text.ts";

/** Prints parents above their children. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const tree = await api.call("listDeploymentResources", {
    path: { deployment_id: id },
    query: isSet(invocation, "deleted") ? { include: "deleted" } : {},
  });
  invocation.output.data(tree, {
    names: () => tree.items.flatMap(urns),
    table: (hasColor) => tree.items.flatMap((root) => lines(root, "", "", hasColor)).join(""),
  });
  if (tree.items.length === 0) invocation.output.say("The stack has no resources yet.");
  return undefined;
}

const urns = (node: StackResource): string[] => [node.urn, ...node.children.flatMap(urns)];

/** @param head what stands before this node @param below what stands before the nodes under it */
function lines(node: StackResource, head: string, below: string, hasColor: boolean): string[] {
  const detail = [node.physical_id, node.deleted_at === null ? "" : `deleted ${node.deleted_at}`]
    .filter(Boolean)
    .join(", ");
  const note = detail === "" ? "" : `  ${hasColor ? dim(safeText(detail)) : safeText(detail)}`;
  const own = `${head}${node.type}  ${safeText(node.name)}${note}\n`;
  const children = node.children.flatMap((child, index) => {
    const isLast = index === node.children.length - 1;
    return lines(child, `${below}${isLast ? "└─ " : "├─ "}`, `${below}${isLast ? "   " : "│  "}`, hasColor);
  });
  return [own, ...children];
}
