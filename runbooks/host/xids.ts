/** What an Xid means (docs.nvidia.com/deploy/xid-errors, and its catalogue): who is at fault most often, and what brings the GPU back. */
export interface XidMeaning {
  readonly by: "application" | "hardware" | "driver" | "follows" | "note";
  readonly means: string;
}

const MEANINGS: Readonly<Record<number, XidMeaning>> = {
  13: {
    by: "application",
    means:
      "a program did something the graphics engine refuses (an access out of bounds, an illegal instruction)",
  },
  31: { by: "application", means: "a program touched memory of the GPU that it does not have" },
  43: { by: "application", means: "the GPU stopped work of a program after a fault of that program" },
  45: { by: "follows", means: "work was cleared away after another error, or because a program was ended" },
  48: { by: "hardware", means: "memory of the GPU failed in two bits (uncorrectable)" },
  61: { by: "hardware", means: "the GPU's own controller stopped with a warning" },
  62: { by: "hardware", means: "the GPU's own controller halted" },
  63: { by: "note", means: "memory that failed was marked to be left out; a reset makes it so" },
  64: { by: "hardware", means: "memory that failed could not be marked" },
  74: { by: "hardware", means: "a link between GPUs (NVLink) failed" },
  79: { by: "hardware", means: "the GPU has fallen off the bus: heat, power, the slot, or a defect" },
  92: { by: "hardware", means: "many single bits of memory fail" },
  94: {
    by: "note",
    means:
      "memory failed, and only the program that used it was ended; a reset, when it suits, leaves it out",
  },
  95: { by: "hardware", means: "memory failed, and the error could not be contained" },
  109: { by: "driver", means: "a program could not be taken off the GPU in time" },
  119: { by: "driver", means: "the GPU's own processor (GSP) did not answer the driver" },
  120: { by: "driver", means: "the GPU's own processor (GSP) reported an error" },
};

export const meaningOf = (code: number): XidMeaning =>
  MEANINGS[code] ?? {
    by: "driver",
    means: "not one of the common ones: look it up in NVIDIA's Xid catalogue",
  };
