type Labels = Readonly<Record<string, string>>;

const EXPORTED = /^exported_([a-zA-Z]\w*)$/;

/** Programs that measure others: what they run in is not what an alert is about. */
const EXPORTERS = /(?:^|-)(?:kube-state-metrics|node-exporter|blackbox-exporter|pushgateway|cadvisor)(?:-|$)/;
/** Of the exporter's own pod, which Prometheus adds to whatever it scrapes there. */
const OWN_LABELS: ReadonlySet<string> = new Set(["pod", "container", "service", "endpoint"]);

/** Where it is about is chosen by both, each said by its own name. */
const AIMED: ReadonlySet<string> = new Set(["instance", "job"]);

/**
 * Labels of what an alert is about, without those of the program that measured it. Where a measurement has a label that its
 * scrape target has, too, Prometheus keeps it as `exported_…` (`honor_labels: false`); and a rule on kube-state-metrics bears that one's
 * pod and address beside the deployment it tells of. Pure.
 */
export function subjectOf(labels: Labels): Labels {
  const exporter = [labels.container, labels.pod, labels.service].find((one) => EXPORTERS.test(one ?? ""));
  const isElsewhere = exporter?.includes("kube-state-metrics") === true;
  const kept = Object.entries(labels).filter(([name]) => {
    if (exporter === undefined) return true;
    // The address of an exporter on a machine is the machine's, that of kube-state-metrics is its pod's.
    return !OWN_LABELS.has(name) && !(isElsewhere && name === "instance");
  });
  const exported = Object.entries(labels).flatMap(([name, value]): [string, string][] => {
    const [, own = ""] = EXPORTED.exec(name) ?? [];
    return own === "" || value === "" || AIMED.has(own) ? [] : [[own, value]];
  });
  return { ...Object.fromEntries(kept), ...Object.fromEntries(exported) };
}

/** What runs the container an alert is about, where its labels tell: the kubelet and Docker's cAdvisor share most names of alerts. */
export function ranBy(labels: Labels): "kubernetes" | "docker" | undefined {
  if (labels.pod !== undefined && labels.namespace !== undefined) return "kubernetes";
  return Object.keys(labels).some((name) => name.startsWith("container_label_com_docker_"))
    ? "docker"
    : undefined;
}
