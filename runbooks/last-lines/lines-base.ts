import type { LineRow } from "./row.ts";

/** What a program says of its own base: the CPU it is made for, its users, time zones, locales and first settings. */
export const BASE_LINES: readonly LineRow[] = [
  // A CPU that is only emulated.
  {
    text: /qemu: uncaught target signal \d+/,
    short: "its program is for another CPU, and the emulation of that ended it",
    because:
      "The image is for another platform than the machine, so QEMU runs it; that knows not every instruction and call, and the program (or QEMU itself) crashed.",
    advice:
      "Take an image for the machine's own platform (`docker buildx imagetools inspect IMAGE` lists them), or build one. On Docker Desktop for Apple's chips: Rosetta in place of QEMU.",
    key: "fixImage",
    isSure: true,
  },
  // What PHP-FPM wants of its pools.
  {
    text: /please specify user and group other than root|\[pool \w{1,60}\] user has not been defined|cannot get [ug]id for (user|group)/,
    short: "a pool of PHP-FPM has no user it may run as",
    because:
      "FPM started as root wants a user for each pool that is not root and that exists; one started as another user wants none.",
    advice:
      "The line names the pool: `user =` and `group =` in its file (www-data), or the program not as root (`user:`), or `php-fpm -R` where root is meant.",
    isSure: true,
  },
  {
    text: /unknown entry '[^']{1,60}'/,
    short: "it cannot read its settings",
    because: "A setting is none of its, or stands in the wrong section (of PHP-FPM: before a line `[www]`).",
    advice:
      "The line names file and setting: `php-fpm -t` (or the program's own test) after it is corrected.",
    isAnywhere: true,
  },
  {
    text: /failed to (load|post process) (the )?configuration|unable to include .{1,200} from .{0,200} at line|configuration file "[^"]{1,200}" contains errors/,
    short: "it cannot read its settings",
    because: "A setting or file is not what it expects.",
    advice: "The lines before name the place; try it with the program's own test once it is corrected.",
    isFrame: true,
    isAnywhere: true,
  },
  {
    text: /cannot load certificate[^\n]{0,300}no such file/,
    short: "a file it wants is not there",
    because: "A certificate its settings name is not there: not made yet, or its folder is not mounted.",
    advice:
      "Make or mount the file the line names; a first certificate has to be there before the server starts.",
    isAnywhere: true,
  },
  // How a shell says that a program it started was ended.
  {
    text: /^(\S{1,200}: line \d{1,5}: {1,4}\d{1,9} )?killed( {2,}.{1,200})?$/,
    short: "a program it started was killed",
    because:
      "A shell says so of a child: either the kernel killed that for memory, or somebody sent SIGKILL; to tell them apart: the kernel's log names it in the first case.",
    advice: "`dmesg -T | grep -i 'killed process'`; then how much memory it may take, and took.",
    isFrame: true,
    startHelps: true,
  },
  {
    text: /^(\S{1,200}: line \d{1,5}: {1,4}\d{1,9} )?segmentation fault( \(core dumped\))?( {2,}.{1,200})?$/,
    short: "a program it started crashed (segmentation fault)",
    because:
      "An error in native code of that program, of a library that does not fit it, or damaged memory; the shell only says so.",
    advice: "Did it or a native library of it change lately? `dmesg -T | grep segfault` names the library.",
    isFrame: true,
    startHelps: true,
  },
  {
    text: /unable to find (user|group) \S{1,60}: no matching entries|no such user: |user \S{1,60} does not exist in \/etc\/passwd/,
    short: "its user is not known where it runs",
    because: "It is to run as a user that /etc/passwd there does not have.",
    advice: "The user's number in place of its name, or add the user.",
  },
  // Small parts of a base image.
  {
    text: /zoneinfonotfounderror|no time zone found with key|time zone "[^"]{1,60}" not recognized|parameter "timezone": "|unknown time zone|unknown or incorrect time zone|invalid time zone/,
    short: "it does not know the time zone",
    because:
      "Time zones are files: either the image has none (slim and Alpine images), or older ones than the name (Europe/Kyiv came in 2022), or the name is wrong.",
    advice:
      "Install tzdata (Python: the package tzdata), newer than the name; or the old name (Europe/Kiev).",
  },
  {
    text: /unsupported locale setting|cannot set lc_all|invalid locale name|setlocale: .{0,60}cannot change locale/,
    short: "it does not know the locale",
    because: "Its base has only the locale C; the one it is told to use was not made there.",
    advice: "`LANG=C.UTF-8`, or install and generate the locale (`locales`, `locale-gen`).",
  },
  {
    text: /names \('env_\w{1,80}'\) which cannot be expanded/,
    short: "a setting is missing",
    because: "supervisord puts variables of the environment into its file, and this one is not set.",
    advice: "Set it, or give it a default in the environment; the line names it.",
    isSure: true,
    isAnywhere: true,
  },
  {
    text: /must be (at least|longer than) \d+ characters|length should be at least \d+|(password|secret|key) (is )?too short|cannot be used for the root user|validate credentials inherited from/,
    short: "it does not take a setting it was given",
    because: "A user name, password or key of its settings is not one it allows: too short, or reserved.",
    advice: "The line says what it wants.",
  },
  {
    text: /wrong ownership/,
    short: "its data folder belongs to another user",
    because: "The server starts only as the owner of its data folder.",
    advice: "`ls -ldn` the folder, and run it as that user, or `chown -R` it to the one it runs as.",
    isSure: true,
  },
  {
    text: /could not access file "(\$libdir\/)?[\w.-]{1,60}": no such file/,
    short: "an extension of its database is not installed",
    because:
      "shared_preload_libraries (or an extension) names a library that this image or machine does not have for this version. The data is unharmed.",
    advice:
      "Take the image that has it (postgis, timescale, pgvector), install it, or take its name out of shared_preload_libraries.",
    key: "fixImage",
    isSure: true,
  },
];
