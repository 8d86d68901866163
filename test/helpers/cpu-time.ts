/**
 * What work costs this process: milliseconds of processor time, in all and in the longest piece in which nothing else of this
 * process came to its turn. Unlike the time of the clock it does not depend on what the machine does besides.
 */
export async function cpuTimeOf(work: () => unknown): Promise<{ total: number; longestPiece: number }> {
  const begin = process.cpuUsage();
  let last = begin;
  let longestPiece = 0;
  const look = (): void => {
    longestPiece = Math.max(longestPiece, millisecondsOf(process.cpuUsage(last)));
    last = process.cpuUsage();
  };
  const looking = setInterval(look, 5);
  try {
    await work();
  } finally {
    clearInterval(looking);
    look();
  }
  return { total: millisecondsOf(process.cpuUsage(begin)), longestPiece };
}

const millisecondsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;
