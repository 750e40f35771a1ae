// The process of the SQS and S3 emulator: fauxqs with its state in the directory given as the first argument. The port asked for is
// only a label that the loopback preload replaces; queues are found by the last part of their URL, so the host in it does not matter.
import { startFauxqs } from 'fauxqs';

const [dataDir, port, defaultRegion] = process.argv.slice(2);
const server = await startFauxqs({ dataDir, port: Number(port), defaultRegion, logger: false });
process.once('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
