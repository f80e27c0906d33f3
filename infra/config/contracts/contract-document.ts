import type { Accepted, ArgumentRule, ArgumentsContract, RuleCondition } from "./contract.ts";

/** The rules of a contract as a document. */
export function contractDocument(contract: ArgumentsContract): string {
  const { name, flags, rules } = contract;
  const dead = flags.filter((flag) => flag.effect !== undefined);
  return [
    `# Rules of ${name}`,
    "",
    `<!-- Made by \`npm run generate\` from the contract ${name}. -->`,
    "",
    `What the server asks of the arguments in \`engine.extraArgs\` beyond their types and choices, for`,
    `${contract.source}.`,
    `It lists ${flags.length} arguments; ${rules.length} rules go with them. Where the last column is empty, the text is not`,
    "known, or the server starts all the same and does something else than it was told. How all this is used:",
    "[engine-arguments.md](engine-arguments.md).",
    "",
    "| argument | when | must be | the server stops with |",
    "| --- | --- | --- | --- |",
    ...rules.map(ruleRow),
    "",
    `Refused too, since they do nothing any more: ${dead.map((flag) => code(flag.names[0] ?? "")).join(", ")}.`,
    "",
  ].join("\n");
}

function ruleRow({ flag, when = [], accepts, stopsWith }: ArgumentRule): string {
  const cells = [
    code(flag),
    when.map(conditionText).join(", "),
    acceptedText(accepts),
    stopsWith ? code(stopsWith) : "",
  ];
  return `| ${cells.join(" | ")} |`;
}

function conditionText(condition: RuleCondition): string {
  switch (condition.kind) {
    case "argument":
      return `with ${argumentText(condition)}`;
    case "no-argument":
      return `without ${argumentText(condition)}`;
    case "attention-backend":
      return `\`gate.expect.attentionBackend\` is ${condition.is}`;
    case "api-key":
      return "`engine.apiKeySecret` is set";
    default:
      return condition satisfies never;
  }
}

function argumentText({ flag, values }: { readonly flag: string; readonly values?: readonly string[] }): string {
  return code(values === undefined ? flag : `${flag}=${values.join(" or ")}`);
}

function acceptedText(accepts: Accepted): string {
  switch (accepts.kind) {
    case "nothing":
      return "absent";
    case "values":
      return accepts.values.map(code).join(", ");
    case "range":
      return [
        ...(accepts.min === undefined ? [] : [`at least ${accepts.min}`]),
        ...(accepts.max === undefined ? [] : [`at most ${accepts.max}`]),
      ].join(", ");
    case "multiple":
      return [`a multiple of ${accepts.of}`, ...(accepts.or ?? []).map(String)].join(", or ");
    case "tp-divisor":
      return "a divisor of `engine.tpSize`";
    case "json":
      return accepts.isObject === true ? "a JSON object" : "JSON";
    default:
      return accepts satisfies never;
  }
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}
