import { expect, it } from "vitest";
import { oncePerDevice } from "../../../../src/connectors/prometheus/mounted-twice.ts";

const series = (mountpoint: string, labels: Record<string, string> = {}, used = 70) => ({
  labels: { device: "/dev/sda1", fstype: "ext4", instance: "a:9100", mountpoint, ...labels },
  name: `${mountpoint} on a:9100`,
  measured: [{ at: 1, used, limit: 100 }],
});
const names = (...all: ReturnType<typeof series>[]) => oncePerDevice(all).map(({ name }) => name);

it("a file system that is mounted at several places is told once, by its shortest place", () => {
  expect(names(series("/var/lib/kubelet/pods/x/volumes/data"), series("/data"), series("/srv/data"))).toEqual(
    ["/data on a:9100 (mounted at 2 more places)"],
  );
});

it.each([
  ["another machine", { instance: "b:9100" }, 70],
  ["another device", { device: "/dev/sdb1" }, 70],
  // Names of devices that stand for many file systems.
  ["the same word for another file system", {}, 12],
])("%s is another one", (_what, labels, used) => {
  expect(names(series("/data"), series("/srv", labels, used))).toHaveLength(2);
});

it("what has no place is left alone", () => {
  const memory = { labels: { instance: "a:9100" }, name: "a:9100", measured: [{ at: 1, used: 1, limit: 2 }] };
  const other = { ...memory, labels: { instance: "b:9100" }, name: "b:9100" };
  expect(oncePerDevice([memory, other])).toHaveLength(2);
});
