import { freePort } from "../helpers/ports.ts";

export { endless, endlessly, type Mute, mute } from "../../src/testing/contract/servers.ts";

/** A port where nothing listens, and which no server of another test is given: those of port 0 are. */
export const nowhere = freePort;
