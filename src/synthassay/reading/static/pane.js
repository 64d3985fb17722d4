// One image on the desk: what is seen of it, and what lies over it. Subclasses paint its pixels.

import { listen } from "./gestures.js";
import { paintOverlay } from "./overlay.js";
import { clamp, layOut, PLANES, Space } from "./planes.js";

const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

export class Pane {
  constructor(desk, head, index) {
    Object.assign(this, { desk, head, index, space: new Space(head), volume: head.slices > 1 });
    this.element = make("figure", { className: "pane" });
    this.frame = make("div", { className: "frame" });
    this.canvas = make("canvas", { className: "screen", tabIndex: 0 });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `Image ${index + 1}`);
    this.words = document.createElement("figcaption");
    this.frame.append(this.canvas);
    this.element.append(this.frame, this.words);
    if (this.volume) this.addSlider();
    this.reset();
    listen(this);
  }

  addSlider() {
    this.slider = make("input", { type: "range", min: 0, className: "slices" });
    this.slider.setAttribute("aria-label", `Slice of image ${this.index + 1}`);
    this.slider.addEventListener("input", () => this.desk.slice(this, Number(this.slider.value) - this.sliceIn(this.plane)));
    this.element.append(this.slider);
  }

  // The name of the viewer, as it is logged.
  get viewer() {
    return "canvas";
  }

  reset() {
    Object.assign(this, { low: this.head.low, high: this.head.high, zoom: 1, shown: "axial", plane: "axial", rulers: [], ruler: null });
    this.centre = this.space.middle();
    this.cross = this.space.middle();
    this.cursor = null;
    this.pointed = null;
    this.views = layOut("axial", this.canvas.width, this.canvas.height);
  }

  sliceIn(plane) {
    const { d } = PLANES[plane];
    return clamp(Math.floor(this.cross[d]), 0, this.space.size[d] - 1);
  }

  slicesIn(plane) {
    return this.space.size[PLANES[plane].d];
  }

  // Screen pixels per image pixel, along the screen's two axes.
  scale(view) {
    const fit = this.space.fit(this.views) * this.zoom, { h, v } = PLANES[view.plane];
    return { h: fit * this.space.unit[h], v: fit * this.space.unit[v], fit };
  }

  toScreen(view, point) {
    const s = this.scale(view), { h, v, upwards } = PLANES[view.plane];
    const down = (point[v] - this.centre[v]) * s.v;
    return { x: view.left + view.width / 2 + (point[h] - this.centre[h]) * s.h, y: view.top + view.height / 2 + (upwards ? -down : down) };
  }

  // The image point under a place of the window, in the view that lies there; within the slice that is shown.
  toImage(clientX, clientY, view = this.viewAt(clientX, clientY)) {
    const at = this.onCanvas(clientX, clientY), s = this.scale(view), { h, v, d, upwards } = PLANES[view.plane];
    const down = (at.y - view.top - view.height / 2) / s.v;
    const point = { view };
    point[h] = this.centre[h] + (at.x - view.left - view.width / 2) / s.h;
    point[v] = this.centre[v] + (upwards ? -down : down);
    point[d] = this.sliceIn(view.plane) + 0.5;
    return point;
  }

  onCanvas(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect(), ratio = this.canvas.width / Math.max(1, box.width);
    return { x: (clientX - box.left) * ratio, y: (clientY - box.top) * ratio };
  }

  viewAt(clientX, clientY) {
    const at = this.onCanvas(clientX, clientY);
    const inside = (view) => at.x >= view.left && at.y >= view.top && at.x < view.left + view.width && at.y < view.top + view.height;
    return this.views.find(inside) || this.activeView();
  }

  activeView() {
    return this.views.find((view) => view.plane === this.plane) || this.views[0];
  }

  fitCanvas() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.views = layOut(this.shown, width, height);
  }

  // Draw; returns whether all that is visible was there.
  paint() {
    this.fitCanvas();
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const complete = this.paintPixels(context);
    paintOverlay(context, this);
    this.describe();
    if (this.slider) Object.assign(this.slider, { max: this.slicesIn(this.plane) - 1, value: this.sliceIn(this.plane) });
    return complete;
  }

  describe() {
    const parts = [];
    if (this.volume) parts.push(`${this.plane === "axial" ? "" : `${this.plane} `}slice ${this.sliceIn(this.plane) + 1} / ${this.slicesIn(this.plane)}`);
    if (this.windowed) {
      const width = this.high - this.low, digits = width < 10 ? 2 : 0;
      parts.push(`W ${width.toFixed(digits)} L ${((this.high + this.low) / 2).toFixed(digits)}${this.head.unit ? ` ${this.head.unit}` : ""}`);
    }
    parts.push(`${Math.round((this.scale(this.activeView()).fit * 100) / (window.devicePixelRatio || 1))} %`);
    const point = this.pointed || this.cursor;
    const value = point && this.head.unit && this.space.contains(point) ? this.value(point) : null;
    if (value !== null) parts.push(`${value.toFixed(0)} ${this.head.unit}`);
    if (this.loading) parts.push(this.loading);
    this.words.textContent = parts.join("   ·   ");
  }

  // Whether a window changes what is seen; colours are shown as they are.
  get windowed() {
    return ["u8", "u16"].includes(this.head.depth);
  }

  endRuler(ruler) {
    this.ruler = null;
    if (["x", "y", "z"].every((axis) => Math.abs(ruler.to[axis] - ruler.from[axis]) < 1)) this.rulers = this.rulers.filter((one) => one !== ruler);
    else this.desk.tell("measure", this.index, this.space.length(ruler.from, ruler.to));
    this.desk.repaint();
  }

  // The answer is given: nothing more is fetched of an image that the server will not show again.
  rest() {
    this.pixels.close();
  }

  // Subclasses: paint the pixels; read the value at a point or return null; fetch what will be scrolled to; stop.
  paintPixels() {
    return true;
  }

  value() {
    return null;
  }

  async fetchAll() {}

  close() {}
}
