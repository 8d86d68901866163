import type { LineRow } from "./row.ts";

/** What servers that are made of several members say of each other, and of the drives they were given. */
export const CLUSTER_LINES: readonly LineRow[] = [
  {
    text: /member [0-9a-f]{6,20} has already been bootstrapped/,
    short: "its cluster knows it already, and it has no data of before",
    because:
      "etcd keeps who is a member. This one came back with an empty data folder (a volume that was not kept, or that another path hides) and is told to begin anew, which the others refuse.",
    advice:
      "First look for its old data folder, and give it back. Where it is lost and most of the others are well: `etcdctl member remove ID`, `etcdctl member add NAME --peer-urls=…`, then start it with an empty folder and initial-cluster-state `existing`. Never empty the folders of the others.",
  },
  {
    text: /(has been|was) permanently removed from (the )?cluster|member .{0,60} has been removed from the cluster/,
    short: "its cluster has removed it",
    because:
      "Somebody (or an operator's program) took this member out of the cluster; its data folder still holds the old identity.",
    advice:
      "If it is to come back: `etcdctl member add`, an empty data folder, initial-cluster-state `existing`. If it is not, stop it.",
  },
  {
    text: /tocommit\(\d+\) is out of range|failed to find database snapshot file|raft log corrupted|no snapshot found, but there are log entries|unable to load database on disk|(snapshot|log) file .{0,120}(corrupt|crc)|failed to recover v3 backend/,
    short: "its stored data does not fit what its cluster has agreed on",
    because:
      "It lost part of its data (a disk that was full, an end in the middle of a write, a volume restored from an older copy): the others know that it had more.",
    advice:
      "Copy its data folder away. Where most of the other members are well: take this one out, empty its folder and let it join anew, so that it copies from them. Where it is the only one: restore a snapshot.",
    isSure: true,
  },
  {
    text: /my id \d+ not in the peer list|myid file is missing|serverid .{0,40}(null|missing)|invalid config, exiting abnormally/,
    short: "its number is not among the members of its cluster",
    because:
      "Each member finds itself by a number (ZooKeeper: the file myid) in the list of members; the number is missing, or the list was made for fewer.",
    advice:
      "Compare the number it was given (ZOO_MY_ID, the file myid of its data folder) with the list (ZOO_SERVERS, `server.N=` lines): each number once, the same list on all.",
  },
  {
    text: /configured (broker|node)\.id \d+ doesn't match stored|invalid cluster\.id in|expected (node|broker) id/,
    short: "its data belongs to another member of its cluster",
    because:
      "The folder holds the identity of another member or cluster: volumes were exchanged, or a number was given anew.",
    advice:
      "Compare `broker.id`/`node.id` with meta.properties of its data folder, on all members. Give each its own folder back; delete meta.properties only where you know whose data it is.",
  },
  {
    text: /keepererrorcode = nodeexists|error while creating ephemeral at \/brokers\/ids/,
    short: "its old session is still known to ZooKeeper",
    because:
      "A broker with the same number is registered: either the one before ended hard and its session has not run out (some seconds), or another one with this number runs.",
    advice:
      "Start it again after zookeeper.session.timeout.ms; where it fails then, too, look for a second broker with the same number.",
    startHelps: true,
  },
  {
    text: /nobrokersavailable|timed out waiting for a node assignment|no brokers available|bootstrap broker .{0,120}disconnected|broker may not be available/,
    short: "it does not reach what it depends on",
    because:
      "No Kafka broker answered. Either none is up, or the address it was given is not one it can reach: after the first answer a client goes to the addresses of `advertised.listeners`.",
    advice:
      "Is a broker up? Then compare its `advertised.listeners` with what the program can resolve and reach from where it runs, and the protocol (PLAINTEXT, SASL_SSL) of that port.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
    isAnywhere: true,
  },
  {
    text: /(unable to use the drive|unable to (create|rename|write)[^\n]{0,200})[^\n]{0,80}(file|drive|disk) access denied|unable to write to the backend|insufficient permissions to access path/,
    short: "it is not permitted something",
    because:
      "MinIO may not write in the folder it was given for its drive: the folder belongs to another user than the one it runs as. The drive need not be faulty.",
    advice: "`ls -ln` the folder, and give it to the user MinIO runs as (`chown -R`).",
    isAnywhere: true,
  },
  {
    text: /unable to use the drive [^\n]{1,200}(drive|disk) not found/,
    short: "the folder of its drive is not there",
    because:
      "MinIO was given a drive (a folder) that does not exist, or is not mounted; or an old release's data was put in a newer one that does not read it.",
    advice:
      "Is the volume mounted at that path? Data of the old single-drive mode (FS, gateway) is read by releases up to June 2022 only: copy it out with one of those (`mc mirror`).",
  },
  {
    text: /expected format-type: \w+, found: \w+|unknown format (field )?version|corrupted backend format|format\.json file: expected/,
    short: "its data was written by another version",
    because:
      "The drive was set up for another mode of MinIO (one drive or several) or by a release this one does not follow. The data is unharmed.",
    advice:
      "Go back to the release and the number of drives that wrote it, copy the data out (`mc mirror`) into a new setup. Do not remove format.json.",
    isAnywhere: true,
  },
  {
    text: /drive path full|disk path full|storage reached its minimum free drive threshold/,
    short: "a disk is full",
    because:
      "MinIO keeps part of each drive free and refuses below that; some releases say the same of drives below 1 GiB.",
    advice: "`df -h` and `df -i` of the drive's folder; then old versions and incomplete uploads (`mc ilm`).",
    key: "freeDisk",
    isSure: true,
    isAnywhere: true,
  },
  {
    text: /flood-stage watermark|read-only-allow-delete block/,
    short: "its indices take no writes: a disk passed the flood stage",
    because:
      "Elasticsearch and OpenSearch make indices read-only where a node's disk is over 95 %; newer versions take that back by themselves once there is room.",
    advice:
      'Free space on that node (old indices, snapshots elsewhere), look at `_cat/allocation?v`. Versions before 7.4 keep the block: PUT */_settings {"index.blocks.read_only_allow_delete": null} once there is room, not before.',
  },
];
