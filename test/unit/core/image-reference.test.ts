import { expect, test } from "vitest";
import { parseImageReference, registryOf } from "../../../infra/core/image-reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  { text: "nvidia/cuda", parts: { repository: "nvidia/cuda" } },
  { text: "nvidia/cuda:12.9.1", parts: { repository: "nvidia/cuda", tag: "12.9.1" } },
  { text: `nvidia/cuda@${digest}`, parts: { repository: "nvidia/cuda", digest } },
  { text: `nvidia/cuda:12.9.1@${digest}`, parts: { repository: "nvidia/cuda", tag: "12.9.1", digest } },
  { text: "registry.example.com:5000/cuda", parts: { repository: "registry.example.com:5000/cuda" } },
  { text: "localhost:5000/cuda:1", parts: { repository: "localhost:5000/cuda", tag: "1" } },
])("$text is taken apart", ({ text, parts }) => {
  expect(parseImageReference(text)).toEqual(parts);
});

const hub = { host: "registry-1.docker.io", account: "https://index.docker.io/v1/" };

test.each([
  { repository: "ubuntu", place: { ...hub, name: "library/ubuntu" } },
  { repository: "kwaikeye/kwai-keye-vl", place: { ...hub, name: "kwaikeye/kwai-keye-vl" } },
  { repository: "docker.io/ubuntu", place: { ...hub, name: "library/ubuntu" } },
  { repository: "index.docker.io/kwaikeye/kwai-keye-vl", place: { ...hub, name: "kwaikeye/kwai-keye-vl" } },
  { repository: "ghcr.io/owner/name", place: { host: "ghcr.io", name: "owner/name", account: "ghcr.io" } },
  {
    repository: "127.0.0.1:5000/engine",
    place: { host: "127.0.0.1:5000", name: "engine", account: "127.0.0.1:5000" },
  },
  { repository: "localhost/engine", place: { host: "localhost", name: "engine", account: "localhost" } },
])("$repository is found at $place.host as $place.name", ({ repository, place }) => {
  expect(registryOf(repository)).toEqual(place);
});
