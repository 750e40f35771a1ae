/** A bucket as far as this project uses one: objects are put whole under a key, and read back by whoever looks on. */
import type { Weather } from '../engine/faults.ts';
import type { Random } from '../engine/random.ts';
import type { VirtualTime } from '../engine/virtual-time.ts';
import { Network, refusal } from './network.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const KEY_BYTES_MAX = 1024;

export class SimulatedBucket {
  readonly objects = new Map<string, Uint8Array>();
  readonly #network: Network;

  constructor(time: VirtualTime, random: Random, weather: Weather) {
    this.#network = new Network(time, random.fork('network'), weather);
  }

  /** One PutObject. */
  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#network.request(
      'PutObject',
      () => {
        const keyBytes = Buffer.byteLength(key);
        if (keyBytes < 1 || keyBytes > KEY_BYTES_MAX)
          throw refusal('KeyTooLongError', `a key of ${keyBytes} bytes; 1 to ${KEY_BYTES_MAX} are allowed`);
        this.objects.set(key, bytes);
      },
      () => refusal('SlowDown', 'Please reduce your request rate.', 503),
    );
  }
}
