import type { CrossCheck, Finding } from "../cross-check.ts";
import { stepInto } from "../problem.ts";
import type { StackConfig } from "../stack-config.ts";

/** Rules about names that belong to Kubernetes, to this stack, or to Secrets. */
export const reservedChecks: readonly CrossCheck[] = [
  {
    name: "system-namespace",
    sentence: "`namespace` does not begin with `kube-`.",
    reads: ["namespace"],
    find: systemNamespace,
  },
  {
    name: "own-keys",
    sentence: "Selectors, labels, taints, requirements and annotations have no key that begins with `keye-stack.dev/`.",
    reads: [
      "nodePools[].selector",
      "nodePools[].labels",
      "nodePools[].taints",
      "nodePools[].requirements",
      "engine.podAnnotations",
    ],
    find: ownKeys,
  },
  { name: "plain-secret", sentence: "`engine.env` holds no secrets.", reads: ["engine.env"], find: plainSecret },
];

function systemNamespace({ namespace }: StackConfig): readonly Finding[] {
  if (!namespace.startsWith("kube-")) return [];
  const message = `"${namespace}" is Kubernetes' own: names that begin with kube- are reserved.`;
  return [{ path: "namespace", message, hint: "Choose another, such as keye." }];
}

const ownPrefix = "keye-stack.dev/";

function ownKeys({ nodePools, engine }: StackConfig): readonly Finding[] {
  const paths = nodePools.flatMap((one, index) => {
    const pool = stepInto("nodePools", index);
    const taintPaths = one.taints.map(({ key }, place) => ({ key, path: `${pool}.taints[${place}].key` }));
    const requirements = "requirements" in one ? one.requirements : [];
    const requirementPaths = requirements.map(({ key }, place) => ({
      key,
      path: `${pool}.requirements[${place}].key`,
    }));
    const selector = "selector" in one ? one.selector : {};
    return [
      ...keysOf(`${pool}.selector`, selector),
      ...keysOf(`${pool}.labels`, one.labels),
      ...taintPaths,
      ...requirementPaths,
    ];
  });
  return [...paths, ...keysOf("engine.podAnnotations", engine.podAnnotations)]
    .filter(({ key }) => key.startsWith(ownPrefix))
    .map(({ path }) => ({
      path,
      message: `keys that begin with ${ownPrefix} are written by the stack itself.`,
      hint: "Use a prefix of your own.",
    }));
}

function keysOf(path: string, map: Readonly<Record<string, string>>): { key: string; path: string }[] {
  return Object.keys(map).map((key) => ({ key, path: stepInto(path, key) }));
}

const hubTokens = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "MODELSCOPE_TOKEN", "MODELSCOPE_API_TOKEN"];
const secretName = /(_API_KEY|_ACCESS_KEY|_PASSWORD|_SECRET)$/;

/** Settings go to Git and the environment of a pod is shown by `kubectl describe`. */
function plainSecret({ engine }: StackConfig): readonly Finding[] {
  return Object.keys(engine.env).flatMap((name) => {
    const isHubToken = hubTokens.includes(name);
    if (!isHubToken && !secretName.test(name)) return [];
    const message = "looks like a secret in plain text, in a file that goes to Git.";
    const hint = isHubToken
      ? "Put the token into a Secret and name that under model.tokenSecret."
      : "Keep it in a Secret; for the engine's API key that is engine.apiKeySecret.";
    return [{ path: stepInto("engine.env", name), message, hint }];
  });
}
