/** The store without its first wall: whatever names the organization or the project in a statement's conditions is taken out of it. */
import {
  BinaryOperationNode,
  ColumnNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  OperatorNode,
  RawNode,
  ReferenceNode,
  ValueNode,
} from "kysely";
import type { Scoped, Store } from "../../../src/store/database.ts";

/** Conditions that were taken out, by how they were written. */
export interface TakenOut {
  built: number;
  raw: number;
}

const columns: readonly string[] = ["organization_id", "project_id"];
/** The end of a piece of SQL before a value it compares one of those columns with; not what an UPDATE sets. */
const comparison =
  /(?<!\bSET )(?:COALESCE\((?:\w+\.)?organization_id, ''\)|(?:\w+\.)?\b(?:organization_id|project_id)) = $/;

/** Gives a store whose scopes are as they were and whose statements do not say whose rows they mean. */
export function withoutConditions(store: Store): { store: Store; takenOut: TakenOut } {
  const takenOut: TakenOut = { built: 0, raw: 0 };
  const transformer = new ConditionRemover(takenOut);
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => transformer.transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  };
  const bare =
    <T>(work: (db: Scoped) => Promise<T>) =>
    (db: Scoped) =>
      work(db.withPlugin(plugin));
  return {
    takenOut,
    store: {
      ...store,
      forOrganization: (organizationId, work) => store.forOrganization(organizationId, bare(work)),
      asPlatform: (work) => store.asPlatform(bare(work)),
      inOneMessage: (organizationId, statement) =>
        store.inOneMessage(organizationId, (db) => statement(db.withPlugin(plugin))),
    },
  };
}

const one = RawNode.createWithSql("1");
const alwaysTrue = BinaryOperationNode.create(one, OperatorNode.create("="), one);

class ConditionRemover extends OperationNodeTransformer {
  readonly #takenOut: TakenOut;

  constructor(takenOut: TakenOut) {
    super();
    this.#takenOut = takenOut;
  }

  protected override transformBinaryOperation(node: BinaryOperationNode): BinaryOperationNode {
    if (!namesOwner(node)) return super.transformBinaryOperation(node);
    this.#takenOut.built += 1;
    return alwaysTrue;
  }

  protected override transformRaw(node: RawNode): RawNode {
    const { sqlFragments, parameters } = super.transformRaw(node);
    const texts = [sqlFragments[0] ?? ""];
    const kept: RawNode["parameters"][number][] = [];
    for (const [at, parameter] of parameters.entries()) {
      const before = texts.at(-1) ?? "";
      const after = sqlFragments[at + 1] ?? "";
      if (ValueNode.is(parameter) && comparison.test(before)) {
        this.#takenOut.raw += 1;
        texts[texts.length - 1] = `${before.replace(comparison, "true")}${after}`;
      } else {
        kept.push(parameter);
        texts.push(after);
      }
    }
    return RawNode.create(texts, kept);
  }
}

function namesOwner({ leftOperand, operator, rightOperand }: BinaryOperationNode): boolean {
  return (
    ReferenceNode.is(leftOperand) &&
    ColumnNode.is(leftOperand.column) &&
    columns.includes(leftOperand.column.column.name) &&
    OperatorNode.is(operator) &&
    operator.operator === "=" &&
    ValueNode.is(rightOperand)
  );
}
