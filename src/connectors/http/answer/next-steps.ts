// What a person does about the commonest faults that something in front of a service reports.
export const ORIGIN =
  "Look at the service behind it (process, port, firewall towards the edge), not at the edge; ask the service directly, past the edge, to compare.";
export const OWNER =
  "The owner of the site has to allow this client there (firewall events show the rule), or diagbot asks an address past the edge.";
export const UPSTREAM =
  "Look at the service behind the proxy (does it run, does it listen where the proxy expects it), and at the proxy's error log at this moment: it has the upstream's address and the reason.";
export const SLOW =
  "The service behind takes longer than the proxy waits: see what it works on and waits for; a longer proxy timeout only hides it.";
export const ROUTE = "Compare host name and path with the proxy's routes.";
