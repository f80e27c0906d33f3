import { redact } from "../core/redact.ts";
import type { Measurement } from "../gate/measurement.ts";

/** A shorter beginning of a key, where its quotation was cut, gives nothing away. */
const tellingLength = 6;

/**
 * Text without secrets: those that {@link redact} knows by their form, and the key that the engine was asked with, also
 * where a quotation was cut in its middle.
 */
export function withoutSecrets(text: string, apiKey: string | undefined): string {
  let clean = redact(text);
  if (apiKey === undefined || apiKey === "") return clean;
  clean = clean.replaceAll(apiKey, "[hidden]");
  for (let length = apiKey.length - 1; length >= tellingLength; length--) {
    clean = clean.replaceAll(`${apiKey.slice(0, length)}…`, "[hidden]");
  }
  return clean;
}

/** Facts without secrets in their texts. */
export function factsWithoutSecrets(facts: Measurement["facts"], apiKey: string | undefined): Measurement["facts"] {
  const clean = (fact: Measurement["facts"][string]) =>
    typeof fact === "string" ? withoutSecrets(fact, apiKey) : fact;
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, clean(fact)]));
}
