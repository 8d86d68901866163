/** What a person does about memory that belongs to no program: title, risk and steps, by remedy. */
export const MEMORY_ADVICE = {
  findTmpfs: [
    "Empty memory file systems",
    "low",
    "Files in memory: `df -h -t tmpfs`, then `du -xh -d 1 /dev/shm /run /tmp | sort -h | tail`. Shared segments: `ipcs -m`. A database's shared buffers are meant to be there.",
  ],
  findKernel: [
    "Find what the kernel holds",
    "low",
    "Lists by size: `slabtop -o -s c | head -20` (dentry and inode caches are given back, others are a driver's or a leak). Page tables grow with processes that map much (a database: huge pages, fewer connections); stacks with threads: `grep -E 'PageTables|KernelStack|Percpu|SUnreclaim' /proc/meminfo`. What no program frees, a restart of the machine does; note the kernel's version first.",
  ],
  findUnaccounted: [
    "Find who holds what the kernel does not list",
    "low",
    "ZFS: `awk '$1 == \"size\"' /proc/spl/kstat/zfs/arcstats` (its cache, given back on demand; inside a container only the host shows it). A hypervisor's balloon: `lsmod | grep -E 'balloon|hv_'`, and the memory the console has assigned. Drivers (network, GPU, RDMA buffers) and shared dma-bufs: `cat /sys/kernel/debug/dma_buf/bufinfo`, `/proc/vmallocinfo`. Ending programs does not free it.",
  ],
  freeHugePages: [
    "Set fewer huge pages aside",
    "high",
    "See which are used: `grep -i huge /proc/meminfo`, `/sys/kernel/mm/hugepages/*/free_hugepages`. Free ones go back with `sysctl -w vm.nr_hugepages=<as many as are used>`, and in /etc/sysctl.d; those of a running database or virtual machine are in use.",
  ],
} as const;
