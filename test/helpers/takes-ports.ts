// Takes PORTS ports, says which, and has them until its input ends.
import { freePorts } from "../../local/tryout/ports.ts";

process.stdout.write(`${JSON.stringify(await freePorts(Number(process.env.PORTS)))}\n`);
process.stdin.resume();
