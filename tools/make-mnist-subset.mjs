// Makes the embedded subset of MNIST from the original files:
//   node tools/make-mnist-subset.mjs FOLDER
// FOLDER holds the four IDX files (gzip). Of each class, 400 training and 100 test images are taken at even
// distances over the whole file, so that the subset is as hard as the set; their order is kept.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const source = process.argv[2];
if (!source) throw new Error('Usage: node tools/make-mnist-subset.mjs FOLDER');
const target = fileURLToPath(
  new URL('../packages/plugins-data/data/mnist-subset/', import.meta.url),
);
mkdirSync(target, { recursive: true });
makeSplit('train', 400);
makeSplit('t10k', 100);

function makeSplit(split, perClass) {
  const imagesName = `${split}-images-idx3-ubyte.gz`;
  const labelsName = `${split}-labels-idx1-ubyte.gz`;
  const images = gunzipSync(readFileSync(join(source, imagesName)));
  const labels = gunzipSync(readFileSync(join(source, labelsName))).subarray(8);
  const size = images.readUInt32BE(8) * images.readUInt32BE(12);
  const places = [...Array(10).keys()].flatMap((digit) => {
    const all = [...labels.keys()].filter((i) => labels[i] === digit);
    return Array.from({ length: perClass }, (_, i) => all[Math.floor((i * all.length) / perClass)]);
  });
  places.sort((a, b) => a - b);
  const header = Buffer.from(images.subarray(0, 16));
  header.writeUInt32BE(places.length, 4);
  const rows = places.map((i) => images.subarray(16 + i * size, 16 + (i + 1) * size));
  const labelHeader = Buffer.from([0, 0, 8, 1, 0, 0, 0, 0]);
  labelHeader.writeUInt32BE(places.length, 4);
  const chosenLabels = Buffer.from(places.map((i) => labels[i]));
  write(imagesName, Buffer.concat([header, ...rows]));
  write(labelsName, Buffer.concat([labelHeader, chosenLabels]));
}

function write(name, bytes) {
  const packed = gzipSync(bytes, { level: 9 });
  writeFileSync(join(target, name), packed);
  console.log(`${name}: ${bytes.length} bytes, ${packed.length} packed`);
}
