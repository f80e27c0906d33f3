import { ConfigMap } from "@pulumi/kubernetes/core/v1/index.js";

/** As many objects as the rehearsal's stack has. */
const count = 14;

for (let i = 0; i < count; i++) {
  new ConfigMap(`bare-${i}`, { metadata: { name: `bare-${i}`, namespace: "default" }, data: { number: String(i) } });
}
