// Loaded before an emulator that listens on every interface (`node --import`). Every server it opens is moved to 127.0.0.1 and to a
// port of the system's choice; the one that the emulator asked to open on LOOPBACK_ANNOUNCED_PORT is announced on standard output.
// When standard input closes (the parent stopped or died) the emulator ends, at its own pace if it listens for `parent-gone`.
import net from 'node:net';

const announcedPort = Number(process.env.LOOPBACK_ANNOUNCED_PORT);
const STOP_GRACE_MS = 3_000;

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

process.stdin.once('end', () => {
  if (process.emit('parent-gone')) return;
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(0), STOP_GRACE_MS);
});
process.stdin.resume();
