type Labels = Readonly<Record<string, string>>;

/** Whether labels have all of these values: the selector of a service. */
export const hasAll = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
