/** What fits the text typed so far, from the registered commands: `{ text, label, usage?, description? }[]`. */
export function fitting(typed, commands) {
  if (!typed.startsWith("/") || typed.includes("\n")) return [];
  const space = typed.indexOf(" ");
  if (space === -1) {
    return commands
      .filter((command) => command.name.startsWith(typed))
      .map(({ name, usage, description }) => ({ text: `${name} `, label: name, usage, description }));
  }
  const command = commands.find((each) => each.name === typed.slice(0, space));
  const rest = typed.slice(space + 1);
  if (rest.includes(" ")) return [];
  return (command?.subcommands ?? [])
    .filter((each) => each.name.startsWith(rest))
    .map(({ name, usage, description }) => ({
      text: `${command.name} ${name} `,
      label: name,
      usage,
      description,
    }));
}
