// Runs an encrypted digit classifier in the browser: on a picture that its client graph has scrambled,
// and on the picture as it is.
"use strict";

const SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10;
const MEAN = 0.1307, DEVIATION = 0.3081;  // what the classifier was trained with
const $ = (id) => document.getElementById(id);

let models;  // original, encrypted, into, out

async function load() {
  ort.env.wasm.wasmPaths = "./";
  ort.env.wasm.numThreads = 1;
  const open = (file) => ort.InferenceSession.create(file, {executionProviders: ["wasm"]});
  models = {
    original: await open("digits.onnx"),
    encrypted: await open("digits.enc.onnx"),
    into: await open("token.in.onnx"),
    out: await open("token.out.onnx"),
  };
}

// The numbers in a file of NumPy's that holds bytes, or little-endian int64, which end up as numbers.
async function readArray(file) {
  const buffer = await (await fetch(file)).arrayBuffer();
  const start = 10 + new DataView(buffer).getUint16(8, true);
  const header = new TextDecoder().decode(buffer.slice(10, start));
  if (header.includes("'|u1'")) return new Uint8Array(buffer, start);
  return Array.from(new BigInt64Array(buffer.slice(start)), Number);
}

// ------------------------------------------------------------------------------ models

async function run(model, tensor) {
  const results = await model.run({[model.inputNames[0]]: tensor});
  return results[model.outputNames[0]];
}

function asInput(pixels) {
  const values = Float32Array.from(pixels, (p) => (p / 255 - MEAN) / DEVIATION);
  return new ort.Tensor("float32", values, [pixels.length / PIXELS, 1, SIDE, SIDE]);
}

function asPixels(tensor) {
  return Uint8ClampedArray.from(tensor.data, (v) => 255 * (v * DEVIATION + MEAN));
}

function largest(scores) {
  const classes = [];
  for (let row = 0; row < scores.length; row += CLASSES) {
    const own = scores.slice(row, row + CLASSES);
    classes.push(own.indexOf(Math.max(...own)));
  }
  return classes;
}

function probabilities(scores) {
  const top = Math.max(...scores);
  const powers = Array.from(scores, (s) => Math.exp(s - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / sum);
}

// ----------------------------------------------------------------------------- pictures

function draw(canvas, pixels) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  for (let i = 0; i < PIXELS; ++i) {
    image.data.fill(pixels[i], 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// The middle square of a picture, in grey, light on dark as in the training data.
async function readPicture(file) {
  const picture = await createImageBitmap(file);
  const size = Math.min(picture.width, picture.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(picture, (picture.width - size) / 2, (picture.height - size) / 2, size, size,
                    0, 0, SIDE, SIDE);
  const {data} = context.getImageData(0, 0, SIDE, SIDE);
  const grey = new Uint8ClampedArray(PIXELS);
  for (let i = 0; i < PIXELS; ++i) {
    grey[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  const edge = grey.filter((_, i) => i < SIDE || i >= PIXELS - SIDE || i % SIDE === 0);
  const light = edge.reduce((a, b) => a + b) / edge.length > 127;
  return light ? grey.map((p) => 255 - p) : grey;
}

function showScores(place, scores, labels) {
  const share = probabilities(scores), best = largest(scores)[0];
  place.replaceChildren(...share.map((p, i) => {
    const row = document.createElement("div");
    const label = document.createElement("span"), bar = document.createElement("i");
    label.textContent = labels[i];
    bar.style.width = `${85 * p}%`;
    row.className = i === best ? "best" : "";
    row.append(label, bar);
    return row;
  }));
}

// ------------------------------------------------------------------------------- the page

async function classify(pixels) {
  const image = asInput(pixels);
  const scrambled = await run(models.into, image);
  const secret = await run(models.encrypted, scrambled);
  const scores = await run(models.out, secret);
  const without = await run(models.encrypted, image);
  draw($("plain"), pixels);
  draw($("again"), pixels);
  draw($("scrambled"), asPixels(scrambled));
  showScores($("secret"), secret.data, Array(CLASSES).fill("?"));
  showScores($("scores"), scores.data, [...Array(CLASSES).keys()]);
  $("answer").textContent = largest(scores.data)[0];
  $("guess").textContent = largest(without.data)[0];
}

// One thing at a time: what is asked for meanwhile waits.
let busy = Promise.resolve();
function then(task) {
  document.body.dataset.state = "busy";
  busy = busy.then(task).then(() => { $("message").textContent = ""; },
                              (error) => { $("message").textContent = error.message; });
  const own = busy;
  busy.then(() => { if (own === busy) document.body.dataset.state = "ready"; });
}

function take(file) {
  if (!file) return;
  then(async () => {
    const pixels = await readPicture(file).catch(() => {
      throw new Error(`${file.name} is no picture that this browser can read.`);
    });
    select(null);
    await classify(pixels);
  });
}

function select(sample) {
  for (const one of $("samples").children) one.setAttribute("aria-pressed", one === sample);
}

function addSample(pixels, label) {
  const sample = document.createElement("canvas");
  sample.width = sample.height = SIDE;
  sample.tabIndex = 0;
  sample.dataset.label = label;
  sample.setAttribute("role", "button");
  sample.setAttribute("aria-label", `a handwritten ${label}`);
  draw(sample, pixels);
  sample.onclick = () => { select(sample); then(() => classify(pixels)); };
  sample.onkeydown = (event) => { if (event.key === "Enter") sample.click(); };
  $("samples").append(sample);
}

function addSamples(images, labels) {
  for (let round = 0; round < 2; ++round) {
    for (let digit = 0; digit < CLASSES; ++digit) {
      let at = -1;
      for (let i = 0; i <= round; ++i) at = labels.indexOf(digit, at + 1);
      addSample(images.subarray(at * PIXELS, (at + 1) * PIXELS), digit);
    }
  }
}

async function countAll(images, labels) {
  const batch = 100, said = {original: [], scrambled: [], plain: []};
  for (let i = 0; i < labels.length; i += batch) {
    $("all").textContent = `${i} of ${labels.length}`;
    const input = asInput(images.subarray(i * PIXELS, (i + batch) * PIXELS));
    const secret = await run(models.encrypted, await run(models.into, input));
    said.original.push(...largest((await run(models.original, input)).data));
    said.scrambled.push(...largest((await run(models.out, secret)).data));
    said.plain.push(...largest((await run(models.encrypted, input)).data));
    await new Promise((resume) => setTimeout(resume));  // lets the browser draw
  }
  const equal = (x, y) => x.filter((v, i) => v === y[i]).length;
  for (const how of Object.keys(said)) {
    $(`${how}-right`).textContent = `${(100 * equal(said[how], labels) / labels.length).toFixed(1)} %`;
    if (how !== "original") {
      $(`${how}-same`).textContent = `${equal(said[how], said.original)} of ${labels.length}`;
    }
  }
  $("all").textContent = "Try all 1,000 test pictures";
  document.querySelector("table").hidden = false;
}

function listen(images, labels) {
  $("file").onchange = (event) => { take(event.target.files[0]); event.target.value = ""; };
  $("all").onclick = () => then(() => countAll(images, labels));
  document.ondragover = (event) => { event.preventDefault(); $("drop").className = "over"; };
  document.ondragleave = () => { $("drop").className = ""; };
  document.ondrop = (event) => {
    event.preventDefault();
    $("drop").className = "";
    take(event.dataTransfer.files[0]);
  };
}

then(async () => {
  await load();
  const images = await readArray("test_images.npy"), labels = await readArray("test_labels.npy");
  addSamples(images, labels);
  listen(images, labels);
  $("samples").children[3].click();
});
