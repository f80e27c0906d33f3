/** An image with the project's own command, for tests. */
export const toolsImage = `registry.example/keye/tools@sha256:${"0a1b2c3d".repeat(8)}`;

/** A commit of the weights, for tests. */
export const weightsCommit = "0123456789abcdef0123456789abcdef01234567";

/** Settings of a stack whose weights a Job fetches onto a claim; `model` goes over the usual ones. */
export function hydrated(model: object = {}): Readonly<Record<string, unknown>> {
  return {
    toolsImage,
    model: {
      path: "/models",
      revision: weightsCommit,
      weights: { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B" },
      volume: { kind: "pvc", claim: "keye-weights", mountPath: "/models" },
      ...model,
    },
  };
}
