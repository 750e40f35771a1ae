// Loaded before an emulator that listens on every interface (`node --import`). Every server it opens is moved to 127.0.0.1 and to a
// port of the system's choice; the one that the emulator asked to open on LOOPBACK_ANNOUNCED_PORT is announced on standard output.
// The file LOOPBACK_WHOLE_FILE is replaced as a whole when it is written, so that `kill -9` never leaves half of it.
// When standard input closes (the parent stopped or died) the emulator ends, after one more whole write of that file if it has one.
import fs from 'node:fs';
import net from 'node:net';

const announcedPort = Number(process.env.LOOPBACK_ANNOUNCED_PORT);
const wholeFile = process.env.LOOPBACK_WHOLE_FILE;
const STOP_GRACE_MS = 4_000;
let ending = false;

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...received) {
  const callback = received.findLast((argument) => typeof argument === 'function');
  const first = received[0];
  const asked = Number(typeof first === 'object' && first !== null ? first.port : first);
  if (asked === announcedPort) {
    this.once('listening', () => console.log(`listening on 127.0.0.1:${this.address().port}`));
  }
  return listen.call(this, { port: 0, host: '127.0.0.1' }, callback);
};

const createWriteStream = fs.createWriteStream;
fs.createWriteStream = (path, options) => {
  if (wholeFile === undefined || String(path) !== wholeFile) return createWriteStream(path, options);
  const unfinished = `${wholeFile}.unfinished`;
  const isLast = ending;
  const stream = createWriteStream(unfinished, options);
  // Not a listener: the emulator's stream library removes the listeners of others when it is done with a stream.
  const emit = stream.emit;
  stream.emit = (event, ...values) => {
    if (event === 'close' && stream.writableFinished) {
      fs.renameSync(unfinished, wholeFile);
      if (isLast) process.exit(0);
    }
    return emit.call(stream, event, ...values);
  };
  return stream;
};

process.stdin.once('end', () => {
  ending = true;
  if (wholeFile === undefined) process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(0), STOP_GRACE_MS);
});
process.stdin.resume();
