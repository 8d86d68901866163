/** What was said, in short, why, and what to do. */
export type Row = readonly [words: RegExp, short: string, because: string, advice: string];

/** Why an image cannot be had, by what the runtime and the registry say; most specific first. */
export const IMAGE: readonly Row[] = [
  [
    /containerd\.sock|crio\.sock|docker\.sock|cri-dockerd/i,
    "the node's container runtime does not answer",
    "The kubelet could not ask its runtime: the node has a trouble of its own, the image none.",
    "On the node: `systemctl status containerd kubelet`, `journalctl -u containerd --since -30m`, its disk and load.",
  ],
  [
    /gave HTTP response to HTTPS client/i,
    "the registry speaks HTTP without TLS",
    "The runtime asks by HTTPS, and the registry answered in plain HTTP.",
    "Give the registry a certificate, or name it as a plain one in the runtime's configuration of every node (containerd: hosts.toml).",
  ],
  [
    /unexpected status[^\n]{0,300}: 5\d\d|\b50[0234] (bad gateway|service unavailable|gateway time-?out|internal server error)/i,
    "the registry fails itself",
    "The registry or what stands before it answered with an error of its own.",
    "Look at the registry (its status page, its storage); a mirror helps meanwhile. Nothing is wrong with the image.",
  ],
  [
    /unexpected commit digest|failed size validation|digest mismatch|unexpected EOF/i,
    "what was received is not the image",
    "The content came broken off or changed: a proxy or mirror in between, a bad disk of the registry or node.",
    "Pull it on the node by hand, past the mirror; clear the mirror's copy.",
  ],
  [
    /manifest\.v1\+|schema ?(version )?1\b[^\n]{0,100}(deprecated|no longer|unsupported)/i,
    "the image is in a format the runtime no longer takes",
    "Manifests of schema 1 are refused from containerd 2.0 on.",
    "Push the image anew with a current tool (`skopeo copy`, a new build).",
  ],
  [
    /signature[^\n]{0,60}(failed|rejected|invalid|required)|SignatureValidationFailed|no signatures? found/i,
    "its signature is not accepted",
    "The node's policy takes signed images only, and this one is not, or by another key.",
    "Sign the image with the key of the policy, or see who changed the policy.",
  ],
  [
    /toomanyrequests|rate limit|429/i,
    "the registry limits pulls",
    "The registry has answered that there were too many pulls (429).",
    "Wait for the limit, log in (`imagePullSecrets`: a higher limit), or use a mirror. Nothing is wrong with the image.",
  ],
  [
    /no match for platform|no matching manifest/i,
    "the image is not for the node's CPU",
    "The image exists, for other platforms than the node's.",
    "Build it for this platform too, or choose nodes by `kubernetes.io/arch`.",
  ],
  [
    /x509: certificate has expired|certificate is not yet valid/i,
    "the registry's certificate is out of its dates",
    "It has expired (or is not valid yet), or the node's clock is wrong; the message names both times.",
    "Renew the registry's certificate; where the node's own time in the message is wrong, its clock.",
  ],
  [
    /certificate is valid for|doesn't contain any IP SANs|not valid for any names/i,
    "the registry's certificate is for another name",
    "The node asks by a name or address that the certificate does not hold.",
    "Name the image by the registry's own name, or have a certificate made for this one.",
  ],
  [
    /x509|certificate/i,
    "the node does not trust the registry's certificate",
    "It was made by an authority that the node does not know (a private one, or a proxy that opens TLS).",
    "Give the runtime on the nodes that authority (containerd: `ca` in hosts.toml), then pull again.",
  ],
  [
    /no such host|server misbehaving|dial tcp: lookup/i,
    "the node does not find the registry's name",
    "The name server of the node does not know the name, or does not answer; the registry was not asked. Nodes ask another one than pods do.",
    "On the node: `getent hosts REGISTRY`, /etc/resolv.conf; a name that only the cluster's own DNS has does not work for images.",
  ],
  [
    /i\/o timeout|connection refused|dial tcp|tls handshake timeout|network is unreachable|context deadline|EOF/i,
    "the node does not reach the registry",
    "The node could not connect to the registry: the network, a proxy, or the registry itself.",
    "Try from a node: the registry's port, a proxy in between (`HTTPS_PROXY` of the runtime).",
  ],
  [
    /no space left/i,
    "the node's disk is full",
    "The image could not be unpacked: no space is left on the node.",
    "Free the node's image disk (`crictl rmi --prune`), or make it larger.",
  ],
  [
    /anonymous token[^\n]{0,120}40[13]/i,
    "the image is not there, or not for this account",
    "It was asked for without a login, and registries say 401 or 403 then of a repository that does not exist as of one that is private. To tell them apart: pull it with the login that is meant.",
    "Correct the name, or give the pod `imagePullSecrets`.",
  ],
  [
    /unauthorized|authentication required|no basic auth|403|forbidden/i,
    "the registry does not let the node in",
    "The registry refuses the credentials, or there are none.",
    "Check `imagePullSecrets` of the pod and its service account: right namespace, right registry, not expired.",
  ],
  [
    /denied|insufficient_scope|may require/i,
    "the image is not there, or not for this account",
    "Either the repository does not exist, or it is private and the node has no login for it: registries answer the same. To tell them apart: pull it with the login that is meant.",
    "Correct the name, or give the pod `imagePullSecrets`.",
  ],
  [
    /not ?found|manifest unknown|does not exist|NotFound/i,
    "the image or its tag does not exist",
    "The registry answers that it has no such image or tag.",
    "Compare the tag with what the build has pushed; a tag that was deleted must be pushed again.",
  ],
  [
    /invalid ?(image|reference)|InvalidImageName|couldn't parse/i,
    "the image's name is not valid",
    "The name cannot be read as an image: an empty variable in a template, a capital letter, a space.",
    "Correct `image:`.",
  ],
  [
    /ErrImageNeverPull|never pull/i,
    "the image is not on the node and may not be pulled",
    "`imagePullPolicy: Never`, and the node does not have it.",
    "Load it onto every node, or let it be pulled.",
  ],
];

/** Why a container could not be made, though the image is there. */
export const CONFIG: readonly Row[] = [
  [
    /couldn't find key/i,
    "a key is missing in a ConfigMap or Secret",
    "The object is there, the key that the template names is not.",
    "Add the key, or correct the template.",
  ],
  [
    /(configmap|secret) "[^"]+" not found/i,
    "a ConfigMap or Secret is missing",
    "The template names it, and the namespace has none of this name.",
    "Create it in the same namespace, or correct the name; it starts by itself once it is there.",
  ],
  [
    /runAsNonRoot/i,
    "its image would run as root",
    "`runAsNonRoot` is set, and the image names root or no numeric user.",
    "Set `runAsUser`, or a numeric USER in the image.",
  ],
  [
    /no command specified|executable file not found|no such file or directory|permission denied|exec:/i,
    "its command cannot be started",
    "The runtime found no such program in the image, or may not run it.",
    "Compare `command:` and `args:` with the image, and `mountPath:` with where the program lies.",
  ],
  [
    /already in use|is reserved/i,
    "a container of its name is still there",
    "The runtime has not removed the one before.",
    "It passes by itself as a rule; otherwise look at the node's runtime.",
  ],
  [
    /init was OOM-killed|memory limit too low/i,
    "its memory limit is too low to start at all",
    "The container was killed for memory before its program began: the limit is a few MiB, often a unit that is missing (`64` is 64 bytes).",
    "Correct `limits.memory` and its unit (Mi, Gi).",
  ],
  [
    /nvidia-container-cli|nvml error|driver not loaded/i,
    "the node's GPU driver does not work",
    "The runtime could not ask the GPU driver of that node: no fault of the template.",
    "On the node: `nvidia-smi`, the driver's or the GPU operator's pods; cordon the node until it is mended.",
  ],
  [
    /not a directory|is a directory/i,
    "a mount joins a file and a folder",
    "A subPath or mountPath names a file where the volume or image has a folder, or the other way round; the key of the ConfigMap may be another one.",
    "Compare `subPath` and `items:` with the keys of the object, and `mountPath` with the image.",
  ],
  [
    /exec format error/i,
    "its program is not for the node's CPU",
    "Either the image was built for another CPU, or the program is a script without a first line like #!/bin/sh.",
    "Build it for this platform too, choose nodes by `kubernetes.io/arch`, or correct the script.",
  ],
  [
    /(seccomp|apparmor) profile/i,
    "a security profile is not on the node",
    "The template names a profile of seccomp or AppArmor that this node has not loaded.",
    "Load it on every node, or correct the profile's name.",
  ],
];
