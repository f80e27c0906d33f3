import type { TransportKind } from "../core/promotion-inputs.ts";
import type { Seconds } from "../core/units.ts";
import { usageError } from "./flags.ts";

/** What a run of `keye probe` is pointed at. */
export type ProbeAim = UrlAim | ServiceAim;

/** One engine, or whatever answers at a URL. */
export interface UrlAim {
  readonly kind: "url";
  readonly baseUrl: string;
}

/** Every ready pod of a Service. */
export interface ServiceAim {
  readonly kind: "service";
  readonly service: string;
  /** @default that of the kubeconfig's context, else `default` */
  readonly namespace: string | undefined;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly transport: TransportKind;
  /** Ready pods that there must be. */
  readonly pods: number;
  /** How long they may take to become ready. */
  readonly waitSeconds: Seconds;
  /** Pods that are asked at once. */
  readonly parallel: number;
}

/** The flags that decide the aim. */
export const aimOptions = {
  "base-url": { type: "string" },
  service: { type: "string" },
  namespace: { type: "string" },
  context: { type: "string" },
  kubeconfig: { type: "string" },
  transport: { type: "string" },
  pods: { type: "string" },
  wait: { type: "string" },
  parallel: { type: "string" },
} as const;

type AimValues = { readonly [Flag in keyof typeof aimOptions]?: string | undefined };

/** Flags that mean nothing without a Service. */
const serviceFlags = ["namespace", "context", "kubeconfig", "transport", "pods", "wait", "parallel"] as const;

/** Reads the aim; throws `CONFIG_USAGE`. */
export function readAim(values: AimValues): ProbeAim {
  const baseUrl = values["base-url"];
  const { service } = values;
  if (baseUrl !== undefined && service !== undefined) {
    throw usageError("probe", "--base-url asks one URL, --service every pod of a Service: give one of them.");
  }
  if (service === undefined) {
    const stray = serviceFlags.find((flag) => values[flag] !== undefined);
    if (stray !== undefined) throw usageError("probe", `--${stray} goes with --service.`);
    if (baseUrl !== undefined) return { kind: "url", baseUrl: checkUrl(baseUrl) };
    throw usageError(
      "probe",
      "--base-url is missing, such as --base-url http://127.0.0.1:8000; or --service NAME for the pods of a Service.",
    );
  }
  return {
    kind: "service",
    service: checkName("service", service),
    namespace: values.namespace === undefined ? undefined : checkName("namespace", values.namespace),
    context: values.context,
    kubeconfig: values.kubeconfig,
    transport: transportOf(values.transport ?? "port-forward"),
    pods: wholeNumber("--pods", values.pods ?? "1", [1, 1000]),
    waitSeconds: wholeNumber("--wait", values.wait ?? "0", [0, 86_400]),
    parallel: wholeNumber("--parallel", values.parallel ?? "4", [1, 64]),
  };
}

/** A flag's whole number within a range, both ends included. Throws `CONFIG_USAGE`. */
export function wholeNumber(flag: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw usageError("probe", `${flag}: wanted a whole number from ${min} to ${max}, got "${text}".`);
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw usageError("probe", `--base-url: wanted an http or https URL, got "${text}".`);
  }
  if (url.username !== "" || url.password !== "") {
    throw usageError("probe", "--base-url holds a user name or password; give the API key in KEYE_API_KEY instead.");
  }
  if (/\/v1\/?$/.test(url.pathname)) {
    throw usageError("probe", `--base-url: wanted the URL without its /v1, got "${text}".`);
  }
  return text;
}

function checkName(flag: string, text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw usageError("probe", `--${flag}: wanted a Kubernetes name, got "${text}".`);
}

function transportOf(text: string): TransportKind {
  if (text === "port-forward" || text === "in-cluster") return text;
  throw usageError("probe", `--transport: wanted port-forward or in-cluster, got "${text}".`);
}
