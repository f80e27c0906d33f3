import type * as pulumi from "@pulumi/pulumi";
import type { KeptRevision } from "../core/revisions.ts";
import { registerObject } from "./registered-kinds.ts";

/**
 * Declares the objects of earlier revisions, so that the engine does not delete them, and leaves them as they are: their
 * settings are not known any more. They have the names that they had when they were declared in full, and so they are the
 * same resources; one that is wanted again is declared in full again, without being made anew.
 */
export function registerKept(kept: readonly KeptRevision[], namespace: string, parent: pulumi.Resource): void {
  for (const { apiVersion, kind, name } of kept.flatMap(({ objects }) => objects)) {
    // The engine puts what is in the state in the place of what is declared here; the SDK's classes want a spec to be there.
    const object = { apiVersion, kind, metadata: { name, namespace }, spec: {} };
    registerObject(object, { parent, ignoreChanges: ["*"] });
  }
}
