import { type ConnectionFace, network, shellWord } from "../../src/sdk/index.ts";

export type Reached = ConnectionFace & { readonly endpoint: NonNullable<ConnectionFace["endpoint"]> };

/** Connections with a network address. */
export const withEndpoint = (faces: readonly ConnectionFace[]): Reached[] =>
  faces.filter((face): face is Reached => face.endpoint !== undefined);

/** `orders (10.0.0.5:8000)`. */
export const sayPlace = ({ name, endpoint }: ConnectionFace): string =>
  endpoint === undefined ? name : `${name} (${sayAddress(endpoint)})`;

export const sayAddress = ({ host, port }: Reached["endpoint"]): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** What a human does about an error on the way to that connection, with its own values filled in. */
export const nextStep = (error: Parameters<typeof network.causeOf>[0], face: ConnectionFace): string =>
  withHost(network.causeOf(error).next, face);

/** Fills in the connection's own where a text says `<host>`, `<address>` or `<port>`, quoted for a shell. */
export function withHost(text: string, { name, endpoint }: ConnectionFace): string {
  const host = shellWord(endpoint?.host ?? name);
  const port = String(endpoint?.port ?? "<port>");
  return text.replaceAll(/<(host|address|port)>/g, (_all, what) => (what === "port" ? port : host));
}

/** Connections a person meant: the named one, or all. */
export const chosen = <F extends ConnectionFace>(faces: readonly F[], name: string | undefined): F[] =>
  name === undefined ? [...faces] : faces.filter((face) => face.name === name);

/** A line for each connection there is something to say of: `orders (10.0.0.5:8000): …`. */
export const sayEach = (
  faces: readonly Reached[],
  say: (face: Reached) => string | undefined | false,
): string =>
  faces
    .flatMap((face) => {
      const words = say(face);
      return words ? [`${sayPlace(face)}: ${words}`] : [];
    })
    .join("\n");
