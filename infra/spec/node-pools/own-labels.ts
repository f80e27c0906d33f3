/** Labels of the objects that make nodes. */
export const ownLabels = {
  "app.kubernetes.io/managed-by": "keye-stack",
  "app.kubernetes.io/part-of": "keye-stack",
} as const;
