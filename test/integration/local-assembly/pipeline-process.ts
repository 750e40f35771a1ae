/** A process that starts the small assembly and says so in one line of JSON; the test kills it to see what it leaves behind. */
import { startLocalAws } from '#local/runtime.ts';
import { writeStateAssembly } from './state-assembly.ts';

const [assemblyDirectory, dataDirectory] = process.argv.slice(2);
if (assemblyDirectory === undefined || dataDirectory === undefined)
  throw new Error('usage: ASSEMBLY-DIRECTORY DATA-DIRECTORY');
const pipeline = await startLocalAws({
  assemblyDirectory,
  dataDirectory,
  parameters: writeStateAssembly(assemblyDirectory),
  sourceUrl: 'mysql://nobody@127.0.0.1:1/none',
  log: (source, message) => console.error(source, message),
});
const { endpoint, credentials, outputs } = pipeline;
console.log(JSON.stringify({ endpoint, credentials, outputs }));
