// A program of the sample machine: asks the sample service what to answer. Words: the address, the program, its own words.
const [address, program, ...args] = process.argv.slice(2);
try {
  const response = await fetch(`${address}/programs`, {
    method: "POST",
    body: JSON.stringify({ program, args }),
    signal: AbortSignal.timeout(10_000),
  });
  const { out, err, code } = await response.json();
  process.stdout.write(out);
  process.stderr.write(err);
  process.exitCode = code;
} catch (error) {
  process.stderr.write(`the sample service does not answer: ${error.message}\n`);
  process.exitCode = 1;
}
