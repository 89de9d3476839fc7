// The surface that a person draws on, with a finger, a pen or a mouse.

import { DARKEST, SIZE } from "./pixels.js";

/** @typedef {import("./pixels.js").Point} Point */

/** The width of the line, as a part of the surface. */
const PEN = 0.075;

/** Nearer points than this add nothing to a line. */
const STEP = 0.008;

/**
 * Lets a person draw on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {(strokes: Point[][]) => void} changed called while a line grows
 * @returns {{ show: (pixels: Float32Array) => void }} shows pixels in place of what was drawn
 */
export function drawOn(canvas, changed) {
  /** @type {Point[][]} */
  let strokes = [];
  /** What is shown while nothing is drawn. */
  let pixels = new Float32Array(SIZE * SIZE);
  /** The pointer that draws: a second finger does not. */
  let pointer = /** @type {number | undefined} */ (undefined);

  const paint = () => {
    const context = wipe(canvas);
    if (strokes.length > 0) paintStrokes(context, strokes);
    else paintPixels(context, pixels);
  };
  new ResizeObserver(paint).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== undefined || event.button !== 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    strokes.push([place(canvas, event)]);
    event.preventDefault();
    paint();
    changed(strokes);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    // A fast hand makes several points between two frames.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const point of events.length > 0 ? events : [event]) extend(strokes, place(canvas, point));
    paint();
    changed(strokes);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (/** @type {PointerEvent} */ (event).pointerId === pointer) pointer = undefined;
    });
  }
  return {
    show(shown) {
      strokes = [];
      pixels = shown.slice();
      paint();
    },
  };
}

/**
 * @param {Point[][]} strokes
 * @param {Point} point that may belong to the last one
 */
function extend(strokes, point) {
  const stroke = strokes[strokes.length - 1];
  const last = stroke[stroke.length - 1];
  if (Math.hypot(point.x - last.x, point.y - last.y) >= STEP) stroke.push(point);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PointerEvent} event
 * @returns {Point}
 */
function place(canvas, { clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return { x: (clientX - left) / width, y: (clientY - top) / height };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D} empty, as large as it is seen, in the colour of ink
 */
function wipe(canvas) {
  const side = Math.round(canvas.clientWidth * devicePixelRatio);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.clearRect(0, 0, side, side);
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
  return context;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point[][]} strokes
 */
function paintStrokes(context, strokes) {
  const side = context.canvas.width;
  context.lineWidth = PEN * side;
  context.lineCap = context.lineJoin = "round";
  for (const [first, ...rest] of strokes) {
    context.beginPath();
    if (rest.length === 0) {
      // A line of no length has no ends that a canvas would make round.
      context.arc(first.x * side, first.y * side, context.lineWidth / 2, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    context.moveTo(first.x * side, first.y * side);
    for (const { x, y } of rest) context.lineTo(x * side, y * side);
    context.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} pixels
 */
function paintPixels(context, pixels) {
  const side = context.canvas.width / SIZE;
  for (const [index, pixel] of pixels.entries()) {
    context.globalAlpha = pixel / DARKEST;
    context.fillRect((index % SIZE) * side, Math.floor(index / SIZE) * side, side, side);
  }
  context.globalAlpha = 1;
}
