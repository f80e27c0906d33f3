const binary: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const decimal: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

const quantity = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;

/**
 * The value of a Kubernetes quantity in its base unit: bytes for memory, cores for cpu, pieces for devices. `192Gi` is
 * 206158430208, `500m` is 0.5, `1E` is 1e18 and `1E3` is 1000.
 *
 * Returns undefined for text that the API server would refuse. Above 2^53 the result is rounded.
 * @see apimachinery `pkg/api/resource/quantity.go` (v0.36)
 */
export function parseQuantity(text: string): number | undefined {
  const match = quantity.exec(text);
  if (match === null) return undefined;
  const [, number = "", power2 = "", power10 = "", exponent = "0"] = match;
  const value = Number(`${number}e${exponent}`) * (binary[power2] ?? decimal[power10] ?? 1);
  return Number.isFinite(value) ? value : undefined;
}
