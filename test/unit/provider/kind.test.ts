import { describe, expect, test } from "vitest";
import {
  idOf,
  isPatchToken,
  kindOfToken,
  nameOfUrn,
  parseId,
  tokenOfUrn,
} from "../../../infra/rehearsal/provider/kind.ts";

describe("resource types", () => {
  test.each([
    { token: "kubernetes:core/v1:Service", kind: { apiVersion: "v1", kind: "Service" } },
    { token: "kubernetes:apps/v1:Deployment", kind: { apiVersion: "apps/v1", kind: "Deployment" } },
    { token: "kubernetes:kwok.x-k8s.io/v1alpha1:Stage", kind: { apiVersion: "kwok.x-k8s.io/v1alpha1", kind: "Stage" } },
  ])("$token is $kind.apiVersion $kind.kind", ({ token, kind }) => {
    expect(kindOfToken(token)).toEqual(kind);
  });

  test.each([
    { token: "kubernetes:helm.sh/v3:Release", why: '"helm.sh/v3" renders and installs Helm charts' },
    { token: "kubernetes:yaml/v2:ConfigGroup", why: '"yaml/v2" parses manifests' },
    { token: "kubernetes:core/v1:PodList", why: "A list is no object" },
    { token: "aws:s3:Bucket", why: "It is no resource type of this provider." },
  ])("$token is refused with the reason and the way out", ({ token, why }) => {
    expect(() => kindOfToken(token)).toThrow(why);
    expect(() => kindOfToken(token)).toThrow("pulumi plugin install resource kubernetes");
  });

  test("a patch is told by a type that its object's kind is not", () => {
    expect(isPatchToken("kubernetes:core/v1:NodePatch", "Node")).toBe(true);
    expect(isPatchToken("kubernetes:core/v1:Node", "Node")).toBe(false);
    expect(isPatchToken("kubernetes:example.com/v1:DogPatch", "DogPatch")).toBe(false);
  });

  test("type and name are read off a URN with parents and odd names", () => {
    const urn = "urn:pulumi:dev::keye::keye-stack:serving:Engine$kubernetes:core/v1:Service::a::b";
    expect(tokenOfUrn(urn)).toBe("kubernetes:core/v1:Service");
    expect(nameOfUrn(urn)).toBe("a::b");
  });

  test.each([
    { id: "keye/live", place: { namespace: "keye", name: "live" } },
    { id: "n1", place: { namespace: "", name: "n1" } },
  ])("the id $id is read and written back", ({ id, place }) => {
    expect(parseId(id)).toEqual(place);
    expect(idOf({ apiVersion: "v1", kind: "X", ...place })).toBe(id);
  });
});
