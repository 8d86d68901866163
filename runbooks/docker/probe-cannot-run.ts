import type { ProbeRow } from "./probe-row.ts";

/**
 * A check that could not be run, or was ended: by the words of Docker, runc, crun and Podman, of shells (dash, bash, busybox) where
 * its program is missing, and of the loader. Nothing of it is said by the service. Most specific first.
 */
export const CANNOT_RUN: readonly ProbeRow[] = [
  {
    says: "nothing",
    text: /(exec: |executable file |stat )["`]?\/?(usr\/)?(bin\/)?(ba|da|a)?sh["`]?:? ?(executable file not found|not found|stat|no such file|in \$path)|executable file `(\/bin\/)?(ba)?sh` not found/,
    short: "the image has no shell for it",
    because: "The check is a line for a shell (CMD-SHELL), and the image has none.",
    advice:
      'Write it as a list that names a program of the image: `test: ["CMD", "/app/server", "--health"]`; where the image has no such program, `test: ["NONE"]` and watch it from outside.',
  },
  {
    says: "nothing",
    text: /executable file( `[^`]{1,200}`)? not found|exec: "[^"]{1,300}": (stat [^:]{1,300}: )?no such file or directory|exec [^:]{1,300}: no such file or directory/,
    short: "a program it calls is not in the image",
    because: "The check names a program that the image does not have.",
    advice:
      "Name one that is there (busybox images have `wget -qO- URL`, not curl; Node, Python and Go programs can ask themselves), or install it in the Dockerfile.",
  },
  {
    says: "nothing",
    text: /cannot exec (in )?a (paused|stopped) container|container that has stopped|container [^\n]{1,100} is (not running|paused)/,
    short: "it did not run when it was asked",
    because: "The container was stopped or paused just then, so the engine could not run the check in it.",
    advice: "See what the next check says; one that is paused goes on with `docker unpause CONTAINER`.",
  },
  {
    says: "nothing",
    text: /breakout detected|outside of (the )?container mount namespace|chdir to cwd/,
    short: "its working folder is gone",
    because:
      "The folder the container works in was removed or replaced beneath it (a bind mount whose source was deleted and made anew), so nothing more can be begun in it; what runs goes on with the old one.",
    advice:
      "`docker compose up -d --force-recreate SERVICE` mounts what is there now; deployments that delete and re-create a mounted folder should change what is in it instead.",
  },
  {
    says: "nothing",
    text: /unable to find (user|group)|no matching entries in (passwd|group) file/,
    short: "its user is not known in the container",
    because: "The check is run as the container's user, which /etc/passwd in it does not have (any more).",
    advice: 'Use the number (`user: "1000:1000"`), or do not mount over /etc/passwd.',
  },
  {
    says: "nothing",
    text: /exec format error|bad interpreter|\\r'?: (no such file|not found)/,
    short: "its script cannot be executed",
    because:
      "Either the script has no first line like #!/bin/sh (or one with a Windows line end), or its program is for another CPU.",
    advice:
      "`docker exec CONTAINER sh -c 'head -1 FILE | od -c | head -2'`; give it a first line, or call it through `sh`.",
  },
  {
    says: "nothing",
    text: /symbol lookup error|undefined symbol|error while loading shared libraries|error loading shared library/,
    short: "its program lacks a library",
    because:
      "The check's own program does not start: a library of it is missing or another one than it was built with.",
    advice: "Install the program anew in the Dockerfile, with what it needs; or take one that the image has.",
  },
  {
    says: "nothing",
    text: /no space left on device|disk quota exceeded/,
    short: "it cannot write: a disk is full",
    because:
      "The check (or the engine for it) writes a file, and there is no room: of the container's layer, a volume, a tmpfs, or /run of the machine.",
    advice:
      "`docker exec CONTAINER df -h`, and disk-full of the machine; the service itself will meet it next.",
  },
  {
    says: "nothing",
    codes: [139],
    short: "its own program crashes",
    because:
      "The check ended by signal 11 (segmentation fault): its program, or a library of it, does not fit the image.",
    advice: "Run it by hand (`docker exec CONTAINER …`); take another program for the check.",
  },
  {
    says: "nothing",
    text: /^segmentation fault|segmentation fault \(core dumped\)\s*$/,
    short: "its own program crashes",
    because: "The program of the check, or a library of it, does not fit the image.",
    advice: "Run it by hand (`docker exec CONTAINER …`); take another program for the check.",
  },
  {
    says: "ill",
    codes: [137],
    text: /^\s*$/,
    short: "the check itself was killed",
    because:
      "The check ended by SIGKILL and said nothing: either the kernel killed it for memory (a check that starts a runtime of its own, Java or Node, takes as much as the service has left), or a limit of time did.",
    advice:
      "`docker stats --no-stream CONTAINER` against its limit, `dmesg -T | grep -i 'killed process'`; a lighter check (`wget -qO-`, a TCP check).",
  },
  {
    says: "ill",
    codes: [124, 143],
    text: /^\s*$/,
    short: "it does not answer in time",
    because:
      "A limit of the check's own (`timeout`) ended it: either the service hangs or is overloaded, or the limit is shorter than an answer takes.",
    advice:
      "`time docker exec CONTAINER …` (the command of the check without its `timeout`), `docker stats --no-stream CONTAINER`.",
    hangs: true,
  },
  {
    says: "nothing",
    codes: [127],
    short: "a program it calls is not in the image",
    because: "The check calls a program that the image does not have (exit code 127).",
    advice: "Name one that is there, or install it in the Dockerfile.",
  },
  {
    says: "nothing",
    // busybox: "sh: curl: not found"; dash: "/bin/sh: 1: curl: not found"; bash: "bash: line 1: curl: command not found".
    text: /(^|[\n/ ])(ba|da|a)?sh: (line )?(\d{1,6}: )?[^\s:]{1,200}: (command )?not found|command not found|^env: [^\n]{1,200}no such file/,
    short: "a program it calls is not in the image",
    because:
      "The shell does not find the program the check calls; what follows it (`|| exit 1`) makes a failed check of it.",
    advice:
      "Name one that is there (busybox images have `wget -qO- URL`, not curl), or install it in the Dockerfile.",
  },
  {
    says: "nothing",
    codes: [126],
    short: "its program may not be executed",
    because: "The file of the check is there and not executable (exit code 126).",
    advice: '`chmod +x` in the Dockerfile, or call it through its interpreter: `["CMD", "sh", "/check.sh"]`.',
  },
  {
    says: "nothing",
    text: /exec: "[^"]{1,300}": permission denied|(^|[\n/ ])(ba|da|a)?sh: [^\n]{1,200}: permission denied/,
    short: "its program may not be executed",
    because: "The file of the check is there and not executable for the container's user.",
    advice: '`chmod +x` in the Dockerfile, or call it through its interpreter: `["CMD", "sh", "/check.sh"]`.',
  },
  {
    says: "ill",
    text: /resource temporarily unavailable|cannot allocate memory|can't fork|cannot fork|too many open files/,
    short: "no process or file is left to run it",
    because:
      "The check could not be run because the container (or the machine) is out of processes, files or memory: nothing is known of the service itself, but it will meet the same wall.",
    advice:
      "Compare its processes with `pids_limit` (`docker stats --no-stream`, `docker top`); children that ended and were never waited for go with `init: true`.",
  },
  {
    says: "nothing",
    text: /oci runtime|exec failed|unable to start container process|invalid environment|rpc error|container_linux\.go|crun: |setns|cannot exec|procready|containerd|ttrpc/,
    short: "the engine cannot run it",
    because: "The engine (or runc below it) could not run the check in the container at all.",
    advice:
      "Try it by hand: `docker exec CONTAINER true`. Where that fails, too, it is the engine or runc: `journalctl -u docker -u containerd --since -15m`.",
  },
  {
    says: "nothing",
    text: /^health check exceeded timeout[^\n]{0,60}:[\s\S]{0,400}\b(ok|pong|healthy|ready|accepting connections|"?status"?: ?"?(up|ok|pass|healthy))/,
    short: "it answers well, and later than the check may take",
    because: "The output shows a good answer; the check was ended because it ran longer than its time limit.",
    advice: "Give `timeout` more than the check's own limits take.",
  },
  {
    says: "ill",
    codes: [-1],
    text: /exceeded timeout|timeout|timed out|deadline/,
    short: "it does not answer in time",
    because:
      "Either the service hangs or is overloaded, or the check is slower than its own time limit; to tell them apart, run the check by hand in the container and time it.",
    advice:
      "`time docker exec CONTAINER …` (the command of the check), `docker stats --no-stream CONTAINER`, then `timeout` of the check or what keeps the service busy.",
    hangs: true,
  },
];
