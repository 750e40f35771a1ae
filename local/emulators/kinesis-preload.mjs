// Loaded before kinesis-local (`node --import`), because three things in it do not fit a pipeline that loads 100,000 rows and must
// survive `kill -9`. It finds the places by their text and refuses to start a release in which it does not find them.
//
// 1. PutRecords groups records by (shard, all records stored in the shard) and so hashes everything stored once per record: 170
//    records a second at 20,000 stored ones. The stored records are an immutable vector, so its hash is kept after the first time.
// 2. It encodes all records and rewrites its file, in place, at every interval, needed or not, and answers nobody meanwhile: 20 seconds at
//    200,000 records. Here it does so only when the journal has grown too long, and the file is replaced as a whole.
// 3. What was put since the last writing is lost on `kill -9`. Here it is in a journal before anybody can see it.
import fs from 'node:fs';
import { registerHooks } from 'node:module';
import { openJournal, recover } from './kinesis-journal.ts';

const wholeFile = process.env.KINESIS_WHOLE_FILE;
/** Bytes of records after which the whole state is written, so that what the next start has to read stays bounded. */
const JOURNAL_BYTES_MAX = 256 * 1024 ** 2;

const added = recover(wholeFile);
if (added > 0) console.error(`${added} records of the journal were added to ${wholeFile}`);

let journal;
let writing;

/** Called once by the emulator's code with the view that openJournal describes. */
globalThis.kinesisView = (view) => {
  journal = openJournal(wholeFile, view, () => {
    // The state that is being written now is older than the file.
    if (writing !== undefined) writing.overtaken = true;
  });
};

/** Answers the new value of a reference, after the journal has it. */
globalThis.kinesisChanged = (before, after) => {
  journal.changed(before, after);
  return after;
};

/**
 * Asked by the emulator at every interval; it writes the (immutable) state that it took shortly before. What this state lacks may be in
 * the journal that ends now, so that one is kept until the writing after this one.
 */
globalThis.kinesisStateIsDue = () => {
  if (writing !== undefined || journal.bytes() < JOURNAL_BYTES_MAX) return false;
  writing = { journal: journal.next(), overtaken: false };
  return true;
};

let journalOfLastWriting;

function finished() {
  const { journal: number, overtaken } = writing;
  writing = undefined;
  if (overtaken) {
    fs.rmSync(`${wholeFile}.unfinished`);
    return;
  }
  fs.renameSync(`${wholeFile}.unfinished`, wholeFile);
  if (journalOfLastWriting !== undefined) journal.forgetBefore(journalOfLastWriting);
  journalOfLastWriting = number;
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

// Everything is on file at any time. Not process.exit: the emulator's runtime catches what that does, and tries again half a minute later.
process.on('parent-gone', () => process.kill(process.pid, 'SIGKILL'));

/** The names are those that the compiler gave to the emulator's own: fields of its records, and methods of Scala's collections. */
const VIEW = `
globalThis.kinesisView((() => {
  let instant;
  let time;
  const base64 = ({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length).toString('base64');
  const text = (json) => $m_Lio_circe_Printer$().HJ.X6(json);
  const list = (map) => {
    const found = [];
    for (const it = map.q(); it.r(); ) found.push(it.o());
    return found;
  };
  const fields = (product, but) => Array.from({ length: product.h() }, (_, n) => product.i(n)).filter((one) => one !== but);
  return {
    isState: (value) => value instanceof $c_Lkinesis_mock_models_Streams,
    whole: (state) => text($m_Lkinesis_mock_models_Streams$().bvO().a7(state)),
    others: (state) => fields(state, state.dc),
    streams: (state) => list(state.dc).map((pair) => [pair.m().eG, pair.n()]),
    settings: (stream) => fields(stream, stream.bF),
    shards: (stream) => list(stream.bF).map((pair) => [pair.m().cB.h0, pair.m(), pair.n()]),
    sameShard: (one, other) => one === other || one.b(other),
    count: (records) => records.y(),
    at: (records, index) => records.R(index),
    json: (record) => {
      // The emulator's own encoder is slow; only the time, which the records of a request share, is left to it.
      if (record.rc !== instant) {
        instant = record.rc;
        time = JSON.parse(text($m_Lkinesis_mock_models_KinesisRecord$().a6p().or.a7(record))).ApproximateArrivalTimestamp;
      }
      return JSON.stringify({
        ApproximateArrivalTimestamp: time,
        Data: base64(record.a1I.a),
        EncryptionType: record.a1J.X(),
        PartitionKey: record.a1K,
        SequenceNumber: record.lh.rd,
      });
    },
  };
})());
`;

const EDITS = [
  {
    place:
      /(\$p = \$c_sc_AbstractSeq\.prototype = [\s\S]{0,600}?\$p\.g = \(function\(\) \{\n {2}return )(\$m_s_util_hashing_MurmurHash3\$\(\)\.GE\(this\))/,
    with: '$1this instanceof $c_sci_Vector ? (this.keptHash ??= $2) : $2',
  },
  {
    place:
      /(\n *)(var \$x_1 = \$m_Lfs2_Stream\$\(\);\n *var buf = \$m_Lio_circe_Printer\$\(\)\.HJ\.bdE\(\$m_Lkinesis_mock_models_Streams\$\(\)\.bvO\(\)\.a7\(streams\$\d+\))/,
    with: '$1if (!globalThis.kinesisStateIsDue()) return $$m_Lcats_effect_IO$$().zG;$1$2',
  },
  // The reference that holds the state, where it is updated and where it is modified.
  {
    place: /(\$h_Lcats_effect_kernel_SyncRef\.prototype = \$p;[\s\S]{0,2200}?\n {4}this\.pj = )(f\.d\(this\.pj\));/,
    with: '$1globalThis.kinesisChanged(this.pj, $2);',
  },
  {
    place: /(\n {4}var u\$2 = \S+;\n {4}var b\$2 = \S+;\n {4}this\.pj = )(u\$2);/,
    with: '$1globalThis.kinesisChanged(this.pj, $2);',
  },
  {
    place: /var \$d_Lcats_effect_kernel_SyncRef = /,
    with: () => `${VIEW}var $d_Lcats_effect_kernel_SyncRef = `,
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
