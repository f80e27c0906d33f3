import type { ApiClient } from "../../infra/cluster/api-client.ts";
import { type EvidenceDocument, parseEvidence } from "../../infra/gate/evidence.ts";

/** The evidence that a stack's outputs name. */
export async function evidenceOf(
  api: ApiClient,
  outputs: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<EvidenceDocument> {
  const { configMap } = outputs.evidence as { readonly configMap: string }; // The program's output of that name.
  const path = `/api/v1/namespaces/keye/configmaps/${configMap}`;
  const { data } = await api.call<{ data: Record<string, string> }>({ method: "GET", path }, signal);
  const evidence = parseEvidence(data["evidence.json"] ?? "");
  if (evidence === undefined) throw new Error(`${configMap} holds no evidence`);
  return evidence;
}
