import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { SlackError } from "../errors.ts";
import { content, post, refuseStranger, said } from "../post.ts";
import { wireFile } from "../wire.ts";
import { type Answer, type Method, maybe, method, word } from "./method.ts";

type Files = WebClient["files"];

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  svg: "image/svg+xml",
  json: "application/json",
  csv: "text/csv",
  pdf: "application/pdf",
};
const typeOf = (name: string): string => TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "text/plain";

const getUploadURLExternal = method(
  "files.getUploadURLExternal",
  "files:write",
  z.object({ filename: word, length: z.coerce.number().int().min(1), alt_text: maybe }),
  ({ filename, length, alt_text }, { workspace, url }) => {
    const id = workspace.clock.id("F");
    workspace.files.announce({
      id,
      name: filename,
      title: filename,
      mimetype: typeOf(filename),
      size: length,
      created: Math.floor(workspace.clock.now() / 1000),
      url_private: `${url()}/files/${id}/${encodeURIComponent(filename)}`,
      ...(alt_text === undefined ? {} : { alt_txt: alt_text }),
      data: Buffer.alloc(0),
    });
    return { upload_url: `${url()}/upload/v1/${id}`, file_id: id } satisfies Answer<
      Files["getUploadURLExternal"]
    >;
  },
);

const completeUploadExternal = method(
  "files.completeUploadExternal",
  "files:write",
  z.object({
    files: z.array(z.object({ id: word, title: maybe })).min(1),
    channel_id: maybe,
    thread_ts: maybe,
    initial_comment: maybe,
    blocks: content.blocks,
  }),
  ({ files, channel_id, thread_ts, initial_comment, blocks }, backstage) => {
    const { workspace } = backstage;
    const where = channel_id === undefined ? undefined : workspace.directory.channel(channel_id);
    if (where !== undefined) refuseStranger(backstage, where);
    const complete = files.map(({ id, title }) => workspace.files.complete(id, title));
    const silent = initial_comment === undefined && (blocks ?? undefined) === undefined;
    const what = silent
      ? { text: "" }
      : said({ text: initial_comment ?? "", ...(blocks === undefined ? {} : { blocks }) });
    if (where !== undefined) {
      post(backstage, where, what, { files: complete, ...(thread_ts === undefined ? {} : { thread_ts }) });
    }
    return { files: complete.map((file) => wireFile(file)) } satisfies Answer<
      Files["completeUploadExternal"]
    >;
  },
);

const info = method("files.info", "files:read", z.object({ file: word }), ({ file }, { workspace }) => {
  const found = workspace.files.find(file);
  if (found === undefined) throw new SlackError("file_not_found");
  return { file: wireFile(found) } satisfies Answer<Files["info"]>;
});

/** The `files.*` methods; the bytes themselves go to the upload URL. */
export const files: readonly Method[] = [getUploadURLExternal, completeUploadExternal, info];
