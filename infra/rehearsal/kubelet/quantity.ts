const factors: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** The value of a Kubernetes quantity such as `64Mi`, `500m` or `1e3`. The API has checked it; anything else counts as 0. */
export function quantityValue(quantity: string): number {
  const match = /^([0-9.]+(?:[eE][0-9]+)?)([a-zA-Z]*)$/.exec(quantity);
  const factor = factors[match?.[2] ?? "?"];
  return match === null || factor === undefined ? 0 : Number(match[1]) * factor;
}
