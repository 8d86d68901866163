import { z } from "zod";

/** What a function of the kernel's waits for, as far as its name tells. */
export const WaitsFor = z.enum(["nfs", "smb", "ceph", "fuse", "disk", "memory", "frozen", "lock", "unknown"]);
export type WaitsFor = z.output<typeof WaitsFor>;

/** First match wins. Names of Linux 4 to 6 (`/proc/PID/wchan`); compilers append `.part.0`, `.isra.0`. */
const CHANNELS: readonly [RegExp, WaitsFor][] = [
  [/^(nfs|rpc_|__rpc|xprt|nlm)/, "nfs"],
  [/^(cifs|smb|SendReceive|wait_for_(free_)?(response|credits))/, "smb"],
  [/^(ceph|rbd_)/, "ceph"],
  [/^(fuse_|__fuse|request_wait_answer)/, "fuse"],
  [/^(percpu_rwsem_wait|__percpu_|sb_start_|__sb_|thaw_|freeze_)/, "frozen"],
  [
    /^(balance_dirty|throttle_direct|reclaim_|shrink_|congestion_|mem_cgroup|try_to_free|do_swap|swap_)/,
    "memory",
  ],
  [/^(rwsem_|__mutex|mutex_|down_|__down|rt_mutex|__rt_)/, "lock"],
  [
    /^(io_schedule|folio_wait|wait_on_page|__lock_page|folio_lock|bit_wait|wait_on_bit|wait_on_buffer|__wait_on_buffer|blk|submit_bio|bio_|jbd2?_|do_get_write_access|wait_transaction|ext4_|xfs|xlog|btrfs|dio_|iomap_|__iomap|md_|raid|dm_|zio_|txg_|cv_wait|rq_qos|wbt_|nvme|scsi|get_request|sync_inodes|wb_wait)/,
    "disk",
  ],
];

export const waitsFor = (channel: string): WaitsFor =>
  CHANNELS.find(([names]) => names.test(channel))?.[1] ?? "unknown";
