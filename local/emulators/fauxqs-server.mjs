// The process of the SQS and S3 emulator: fauxqs with its state in the directory given as the first argument. The port asked for is
// only a label that the loopback preload replaces; queues are found by the last part of their URL, so the host in it does not matter.
import { startFauxqs } from 'fauxqs';

// fauxqs 2.4.1 looks at a message unit by unit, so it refuses every character beyond U+FFFF (an emoji in a metric's name) as half of a
// pair. SQS takes #x10000 to #x10FFFF: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const { INVALID_MESSAGE_BODY_CHAR } = await import(new URL('./sqs/sqsTypes.js', import.meta.resolve('fauxqs')).href);
if (!(INVALID_MESSAGE_BODY_CHAR instanceof RegExp))
  throw new Error(
    'this fauxqs checks messages in another way; see whether it takes characters beyond U+FFFF by itself',
  );
const notAllowed = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
Object.defineProperty(INVALID_MESSAGE_BODY_CHAR, 'test', { value: (body) => notAllowed.test(body) });

const [dataDir, port, defaultRegion] = process.argv.slice(2);
const server = await startFauxqs({ dataDir, port: Number(port), defaultRegion, logger: false });
process.once('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
