/**
 * Shell function `in_container`: exit 0 within a container. Another PID namespace than the kernel's first one is; in the first one marks of
 * engines count only over an overlay (`--pid=host`), for images of machines that were made of a container's have them, too.
 */
export const IN_CONTAINER = `in_container() {
case $(readlink /proc/self/ns/pid 2>/dev/null) in
"pid:[4026531836]") awk '$2 == "/" { type = $3 } END { exit type != "overlay" }' /proc/self/mounts || return 1;;
pid:*) return 0;; esac
[ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /run/systemd/container ]; }`;
