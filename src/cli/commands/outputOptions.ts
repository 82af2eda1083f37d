import { type Command, Option } from 'commander';

/** The options that every job has: where it runs, and where its result goes. */
export function addOutputOptions(command: Command): Command {
  return command
    .option('--out <file>', 'write the result there, not to standard output')
    .option('--tensors <file>', 'write the tensors there, as safetensors')
    .addOption(runtimeOption());
}

/** `--runtime node|browser|auto`. */
export function runtimeOption(): Option {
  return new Option(
    '--runtime <name>',
    'where to compute: auto is Node if it finds an adapter, else the browser',
  )
    .choices(['auto', 'node', 'browser'])
    .default('auto');
}
