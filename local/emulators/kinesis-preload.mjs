// Loaded before kinesis-local (`node --import`), because three things in it do not fit a pipeline that loads 100,000 rows and must
// survive `kill -9`. It finds the places by their text and refuses to start a release in which it does not find them.
//
// 1. PutRecords groups records by (shard, all records stored in the shard) and so hashes everything stored once per record: 170
//    records a second at 20,000 stored ones. The stored records are an immutable vector, so its hash is kept after the first time.
// 2. It encodes all records and rewrites its file at every interval, needed or not. Here it does so only when something changed, and
//    so seldom that it takes at most a twentieth of the time. KINESIS_DURABLE_UNTIL_FILE says up to when everything put is on disk.
// 3. It overwrites its file in place and does not write it at the end. Here the file is replaced as a whole, and once more at the end.
import fs from 'node:fs';
import { registerHooks } from 'node:module';

const wholeFile = process.env.KINESIS_WHOLE_FILE;
const durableUntilFile = process.env.KINESIS_DURABLE_UNTIL_FILE;
/** The emulator takes its state shortly before it asks whether to write it. */
const MARGIN_MS = 1_000;
const SHARE_OF_TIME = 20;
const END_WITHIN_MS = 60_000;

let written;
let writing;
let notBefore = 0;
let ending = false;

/** Asked by the emulator at every interval with its whole (immutable) state. */
globalThis.kinesisStateIsDue = (state) => {
  const now = Date.now();
  if (state === written) {
    replace(durableUntilFile, String(now - MARGIN_MS));
    // Not process.exit: the emulator's runtime catches what that does, and tries again half a minute later.
    if (ending) process.kill(process.pid, 'SIGKILL');
    return false;
  }
  if (!ending && now < notBefore) return false;
  writing = { state, startedAt: now };
  return true;
};

function finished() {
  const now = Date.now();
  written = writing.state;
  notBefore = now + (SHARE_OF_TIME - 1) * (now - writing.startedAt);
  fs.renameSync(`${wholeFile}.unfinished`, wholeFile);
  replace(durableUntilFile, String(writing.startedAt - MARGIN_MS));
}

function replace(file, text) {
  fs.writeFileSync(`${file}.unfinished`, text);
  fs.renameSync(`${file}.unfinished`, file);
}

const createWriteStream = fs.createWriteStream;
fs.createWriteStream = (path, options) => {
  if (String(path) !== wholeFile) return createWriteStream(path, options);
  const stream = createWriteStream(`${wholeFile}.unfinished`, options);
  // Not a listener: the emulator's stream library removes the listeners of others when it is done with a stream.
  const emit = stream.emit;
  stream.emit = (event, ...values) => {
    if (event === 'close' && stream.writableFinished) finished();
    return emit.call(stream, event, ...values);
  };
  return stream;
};

process.on('parent-gone', () => {
  ending = true;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), END_WITHIN_MS);
});

const EDITS = [
  {
    place:
      /(\$p = \$c_sc_AbstractSeq\.prototype = [\s\S]{0,600}?\$p\.g = \(function\(\) \{\n {2}return )(\$m_s_util_hashing_MurmurHash3\$\(\)\.GE\(this\))/,
    with: '$1this instanceof $c_sci_Vector ? (this.keptHash ??= $2) : $2',
  },
  {
    place:
      /(\n *)(var \$x_1 = \$m_Lfs2_Stream\$\(\);\n *var buf = \$m_Lio_circe_Printer\$\(\)\.HJ\.bdE\(\$m_Lkinesis_mock_models_Streams\$\(\)\.bvO\(\)\.a7\((streams\$\d+)\))/,
    with: '$1if (!globalThis.kinesisStateIsDue($3)) return $$m_Lcats_effect_IO$$().zG;$1$2',
  },
];

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/kinesis-local/main.js')) return loaded;
    let source = String(loaded.source);
    for (const edit of EDITS) {
      const edited = source.replace(edit.place, edit.with);
      if (edited === source) {
        console.error(
          `kinesis-preload.mjs does not fit this release of kinesis-local: ${edit.place} is not in its main.js`,
        );
        process.exit(1);
      }
      source = edited;
    }
    return { ...loaded, source };
  },
});
