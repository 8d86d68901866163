import { SlackError } from "../errors.ts";
import type { LocalFile } from "../types.ts";

/** A file between `getUploadURLExternal` and `completeUploadExternal`. */
interface Announced {
  readonly file: LocalFile;
  readonly uploaded: boolean;
  readonly complete: boolean;
}

/** Uploaded files, and those on their way. */
export class Files {
  private readonly all = new Map<string, Announced>();

  announce(file: LocalFile): void {
    this.all.set(file.id, { file, uploaded: false, complete: false });
  }

  /** The bytes arrive at the upload URL. Returns false for an unknown id or a length other than announced. */
  upload(id: string, data: Buffer): boolean {
    const found = this.all.get(id);
    if (found === undefined || found.file.size !== data.length) return false;
    this.all.set(id, { ...found, file: { ...found.file, data }, uploaded: true });
    return true;
  }

  /** Throws `file_not_found`, also when the bytes have not arrived. */
  complete(id: string, title: string | undefined): LocalFile {
    const found = this.all.get(id);
    if (found?.uploaded !== true) throw new SlackError("file_not_found");
    const file = title === undefined ? found.file : { ...found.file, title };
    this.all.set(id, { file, uploaded: true, complete: true });
    return file;
  }

  /** A complete file. */
  find(id: string): LocalFile | undefined {
    const found = this.all.get(id);
    return found?.complete === true ? found.file : undefined;
  }

  /** Every complete file, in order of announcement. */
  list(): LocalFile[] {
    return [...this.all.values()].filter((each) => each.complete).map((each) => each.file);
  }
}
