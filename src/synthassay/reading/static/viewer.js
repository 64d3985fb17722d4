// A plain canvas viewer: window, zoom, pan, slices, measuring and marks, by mouse, touch and keyboard.

import { Pixels } from "./pixels.js";

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const ZOOM_STEP = 1.25;

class Pane {
  constructor(desk, head, index) {
    this.desk = desk;
    this.head = head;
    this.index = index;
    this.pixels = new Pixels(head, () => this.desk.repaint());
    this.element = document.createElement("figure");
    this.element.className = "pane";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `Image ${index + 1}`);
    this.words = document.createElement("figcaption");
    this.element.append(this.canvas, this.words);
    if (head.slices > 1) this.addSlider();
    const [down, across] = head.spacing_mm.length === 2 ? head.spacing_mm : [1, 1];
    this.stretch = { x: across / Math.min(down, across), y: down / Math.min(down, across) };
    this.rulers = [];
    this.reset();
    this.listen();
  }

  addSlider() {
    this.slider = Object.assign(document.createElement("input"), {
      type: "range", min: 0, max: this.head.slices - 1, className: "slices",
    });
    this.slider.setAttribute("aria-label", `Slice of image ${this.index + 1}`);
    this.slider.addEventListener("input", () => this.desk.slice(this, Number(this.slider.value) - this.z));
    this.element.append(this.slider);
  }

  reset() {
    this.low = this.head.low;
    this.high = this.head.high;
    this.zoom = 1;
    this.x = this.head.columns / 2;
    this.y = this.head.rows / 2;
    this.z = Math.floor(this.head.slices / 2);
    this.rulers = [];
  }

  // Screen pixels (of the canvas) per image pixel, across and down.
  scale() {
    const width = this.head.columns * this.stretch.x, height = this.head.rows * this.stretch.y;
    const fit = Math.min(this.canvas.width / width, this.canvas.height / height) * this.zoom;
    return { x: fit * this.stretch.x, y: fit * this.stretch.y };
  }

  toImage(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect(), ratio = this.canvas.width / box.width, s = this.scale();
    return {
      x: ((clientX - box.left) * ratio - this.canvas.width / 2) / s.x + this.x,
      y: ((clientY - box.top) * ratio - this.canvas.height / 2) / s.y + this.y,
    };
  }

  toScreen(point) {
    const s = this.scale();
    return { x: (point.x - this.x) * s.x + this.canvas.width / 2, y: (point.y - this.y) * s.y + this.canvas.height / 2 };
  }

  fitCanvas() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  // Draw; returns whether all that is visible was there.
  paint() {
    this.fitCanvas();
    const context = this.canvas.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const s = this.scale();
    context.imageSmoothingEnabled = s.x < 8; // beyond, pixels are what one wants to see
    context.imageSmoothingQuality = "high";
    const finest = clamp(Math.floor(Math.log2(1 / Math.max(s.x, s.y)) + 0.25), 0, this.head.levels - 1);
    let complete = true;
    for (let level = this.head.levels - 1; level >= finest; level--) {
      const all = this.paintLevel(context, level, s);
      if (level === finest) complete = all;
    }
    this.paintRulers(context);
    this.paintMarks(context);
    this.describe(s);
    if (this.slider) this.slider.value = this.z;
    return complete || this.pixels.failed;
  }

  paintLevel(context, level, s) {
    const t = this.head.tile, step = 2 ** level, size = this.pixels.size(level);
    const left = this.x - this.canvas.width / 2 / s.x, top = this.y - this.canvas.height / 2 / s.y;
    const first = { c: Math.max(0, Math.floor(left / step / t)), r: Math.max(0, Math.floor(top / step / t)) };
    const last = {
      c: Math.min(Math.ceil(size.columns / t) - 1, Math.floor((left + this.canvas.width / s.x) / step / t)),
      r: Math.min(Math.ceil(size.rows / t) - 1, Math.floor((top + this.canvas.height / s.y) / step / t)),
    };
    let complete = true;
    for (let r = first.r; r <= last.r; r++) {
      for (let c = first.c; c <= last.c; c++) {
        const tile = this.pixels.tile(level, this.z, r, c);
        if (!tile.raw) {
          complete = false;
          continue;
        }
        const at = this.toScreen({ x: c * t * step, y: r * t * step });
        context.drawImage(
          this.pixels.painted(tile, this.low, this.high), at.x, at.y, tile.width * step * s.x, tile.height * step * s.y,
        );
      }
    }
    return complete;
  }

  paintRulers(context) {
    const ratio = window.devicePixelRatio || 1;
    context.font = `${13 * ratio}px system-ui, sans-serif`;
    for (const ruler of this.rulers) {
      const a = this.toScreen(ruler.from), b = this.toScreen(ruler.to);
      for (const [colour, width] of [["#000a", 4], ["#ffd24d", 1.5]]) {
        Object.assign(context, { strokeStyle: colour, lineWidth: width * ratio });
        context.beginPath();
        context.moveTo(a.x, a.y);
        context.lineTo(b.x, b.y);
        context.stroke();
      }
      const words = this.length(ruler);
      Object.assign(context, { fillStyle: "#ffd24d", strokeStyle: "#000", lineWidth: 3 * ratio });
      context.strokeText(words, b.x + 8 * ratio, b.y);
      context.fillText(words, b.x + 8 * ratio, b.y);
    }
  }

  length({ from, to }) {
    const [down, across] = this.head.spacing_mm;
    if (!down) return `${Math.hypot(to.x - from.x, to.y - from.y).toFixed(0)} px`;
    const mm = Math.hypot((to.x - from.x) * across, (to.y - from.y) * down);
    return mm < 1 ? `${(mm * 1000).toFixed(0)} µm` : `${mm.toFixed(1)} mm`;
  }

  paintMarks(context) {
    const ratio = window.devicePixelRatio || 1;
    this.desk.marks.forEach((mark, number) => {
      if (mark.image !== this.index || mark.slice !== this.z) return;
      const at = this.toScreen(mark);
      for (const [colour, width] of [["#000a", 5], ["#7fd6ff", 2]]) {
        Object.assign(context, { strokeStyle: colour, lineWidth: width * ratio });
        context.beginPath();
        context.arc(at.x, at.y, 12 * ratio, 0, 2 * Math.PI);
        context.stroke();
      }
      context.fillStyle = "#7fd6ff";
      context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
      context.fillText(String(number + 1), at.x + 15 * ratio, at.y - 9 * ratio);
    });
  }

  describe(s) {
    const parts = [];
    if (this.head.slices > 1) parts.push(`slice ${this.z + 1} / ${this.head.slices}`);
    if (this.head.depth !== "rgb8") {
      const width = this.high - this.low, digits = width < 10 ? 2 : 0;
      parts.push(`W ${width.toFixed(digits)} L ${((this.high + this.low) / 2).toFixed(digits)}${this.head.unit ? ` ${this.head.unit}` : ""}`);
    }
    parts.push(`${Math.round(((s.x / this.stretch.x) * 100) / (window.devicePixelRatio || 1))} %`);
    if (this.pointed) {
      const value = this.pixels.value(this.pointed.x, this.pointed.y, this.z);
      const within = this.pointed.x >= 0 && this.pointed.y >= 0 && this.pointed.x < this.head.columns && this.pointed.y < this.head.rows;
      if (within && value !== null && this.head.unit) parts.push(`${value.toFixed(0)} ${this.head.unit}`);
    }
    this.words.textContent = parts.join("   ·   ");
  }

  listen() {
    const fingers = new Map();
    let grip = null;
    this.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.focus({ preventScroll: true });
      this.desk.active = this;
      fingers.set(event.pointerId, event);
      const tool = event.button === 1 || event.button === 2 ? "pan" : this.desk.tool;
      grip = fingers.size > 1 ? { pinch: spread(fingers), tool: "pinch" } : { tool, x: event.clientX, y: event.clientY, moved: 0 };
      if (grip.tool === "measure") {
        const at = this.toImage(event.clientX, event.clientY);
        grip.ruler = { from: at, to: at };
        this.rulers = [...this.rulers.slice(-4), grip.ruler];
      }
      event.preventDefault();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      this.pointed = this.toImage(event.clientX, event.clientY);
      if (!fingers.has(event.pointerId) || !grip) return this.desk.repaint();
      fingers.set(event.pointerId, event);
      if (grip.tool === "pinch" && fingers.size === 2) {
        const now = spread(fingers);
        this.desk.zoom(this, now.distance / grip.pinch.distance, now.x, now.y);
        this.desk.pan(this, now.x - grip.pinch.x, now.y - grip.pinch.y);
        grip.pinch = now;
        return undefined;
      }
      const dx = event.clientX - grip.x, dy = event.clientY - grip.y;
      grip.moved += Math.abs(dx) + Math.abs(dy);
      [grip.x, grip.y] = [event.clientX, event.clientY];
      if (grip.tool === "window") this.desk.window(this, dx, dy);
      if (grip.tool === "pan") this.desk.pan(this, dx, dy);
      if (grip.tool === "zoom") this.desk.zoom(this, Math.exp(-dy / 150));
      if (grip.ruler) Object.assign(grip.ruler, { to: this.toImage(event.clientX, event.clientY) });
      return this.desk.repaint();
    });
    const release = (event) => {
      fingers.delete(event.pointerId);
      if (event.type === "pointerup" && grip && fingers.size === 0) {
        if (grip.tool === "mark" && grip.moved < 12) this.desk.mark(this, this.toImage(event.clientX, event.clientY));
        if (grip.ruler) this.endRuler(grip.ruler);
      }
      if (fingers.size === 0) grip = null;
    };
    this.canvas.addEventListener("pointerup", release);
    this.canvas.addEventListener("pointercancel", release);
    this.canvas.addEventListener("pointerleave", () => { this.pointed = null; });
    this.canvas.addEventListener("focus", () => { this.desk.active = this; });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const step = Math.sign(event.deltaY);
      if (this.head.slices > 1 && !event.ctrlKey) this.desk.slice(this, step);
      else this.desk.zoom(this, ZOOM_STEP ** -step, event.clientX, event.clientY);
    }, { passive: false });
  }

  endRuler(ruler) {
    if (Math.hypot(ruler.to.x - ruler.from.x, ruler.to.y - ruler.from.y) < 1) this.rulers.pop();
    else this.desk.tell("measure", this.index, this.length(ruler));
    this.desk.repaint();
  }
}

function spread(fingers) {
  const [a, b] = [...fingers.values()];
  return {
    distance: Math.max(10, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
    x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2,
  };
}

export class Desk {
  // tell(kind, ...values) notes an event; onMark is called when marks change; onShown once all pixels are painted.
  constructor(stage, heads, { linked, tell, onMark, onShown }) {
    Object.assign(this, { stage, linked, tell, onMark, onShown, marks: [], marksAllowed: 0, tool: "window" });
    this.panes = heads.map((head, index) => new Pane(this, head, index));
    this.active = this.panes[0];
    this.tool = heads.every((head) => head.depth === "rgb8") ? "pan" : "window";
    stage.replaceChildren(...this.panes.map((pane) => pane.element));
    stage.dataset.panes = String(heads.length);
    this.watch = new ResizeObserver(() => this.repaint());
    this.panes.forEach((pane) => this.watch.observe(pane.canvas));
    this.repaint();
  }

  close() {
    this.closed = true;
    this.watch.disconnect();
    this.panes.forEach((pane) => pane.pixels.close());
  }

  repaint() {
    if (this.waiting || this.closed) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      const complete = this.panes.map((pane) => pane.paint()).every(Boolean);
      if (complete && !this.told) {
        this.told = true;
        requestAnimationFrame(() => this.onShown());
        this.fetchSlices();
      }
    });
  }

  // Slices from the middle outwards, so that scrolling does not wait.
  async fetchSlices() {
    for (const pane of this.panes) {
      const middle = Math.floor(pane.head.slices / 2), room = Math.min(pane.head.slices, 400);
      for (let i = 1; i < room && !this.closed; i++) {
        const z = middle + (i % 2 ? (i + 1) / 2 : -i / 2);
        if (z >= 0 && z < pane.head.slices) pane.pixels.tile(0, z, 0, 0);
        if (i % 6 === 0) await new Promise((done) => setTimeout(done, 30));
      }
    }
  }

  together(pane) {
    return this.linked ? this.panes : [pane];
  }

  window(pane, dx, dy) {
    const width = Math.max(pane.high - pane.low, 1e-6), full = Math.max(pane.head.high - pane.head.low, 1e-6);
    const step = Math.max(width, full * 0.05) / 300;
    this.setWindow(pane, (pane.low + pane.high) / 2 + dy * step, Math.max(full * 0.004, width + 2 * dx * step));
  }

  setWindow(pane, level, width) {
    if (pane.head.depth === "rgb8") return;
    // series of one case may have scales of their own, so that a window is never linked
    Object.assign(pane, { low: level - width / 2, high: level + width / 2 });
    this.tell("window", pane.index, pane.low, pane.high);
    this.repaint();
  }

  preset({ low, high }) {
    this.panes.forEach((pane) => this.setWindow(pane, (low + high) / 2, high - low));
  }

  zoom(pane, factor, clientX = null, clientY = null) {
    const before = clientX === null ? null : pane.toImage(clientX, clientY);
    for (const one of this.together(pane)) one.zoom = clamp(one.zoom * factor, 0.5, 40);
    if (before) {
      const after = pane.toImage(clientX, clientY);
      this.shift(pane, before.x - after.x, before.y - after.y);
    }
    this.tell("zoom", pane.index, pane.zoom);
    this.repaint();
  }

  pan(pane, dx, dy) {
    const box = pane.canvas.getBoundingClientRect(), ratio = pane.canvas.width / box.width, s = pane.scale();
    this.shift(pane, (-dx * ratio) / s.x, (-dy * ratio) / s.y);
    this.tell("pan", pane.index, pane.x, pane.y);
    this.repaint();
  }

  shift(pane, x, y) {
    for (const one of this.together(pane)) {
      one.x = clamp(one.x + (x * one.head.columns) / pane.head.columns, 0, one.head.columns);
      one.y = clamp(one.y + (y * one.head.rows) / pane.head.rows, 0, one.head.rows);
    }
  }

  slice(pane, step) {
    const z = clamp(pane.z + step, 0, pane.head.slices - 1), moved = z - pane.z;
    if (!moved) return;
    for (const one of this.together(pane)) {
      if (one === pane) one.z = z;
      else one.z = Math.round((z * (one.head.slices - 1)) / Math.max(1, pane.head.slices - 1));
    }
    this.tell("slice", pane.index, pane.z);
    this.repaint();
  }

  reset() {
    this.panes.forEach((pane) => pane.reset());
    this.tell("reset");
    this.repaint();
  }

  mark(pane, { x, y }) {
    if (!this.marksAllowed || x < 0 || y < 0 || x > pane.head.columns || y > pane.head.rows) return;
    const near = this.marks.findIndex((m) => m.image === pane.index && m.slice === pane.z && Math.hypot(m.x - x, m.y - y) < 12 / pane.scale().x);
    if (near >= 0) this.marks.splice(near, 1);
    else if (this.marksAllowed === 1) this.marks = [{ x, y, slice: pane.z, image: pane.index }];
    else if (this.marks.length < this.marksAllowed) this.marks.push({ x, y, slice: pane.z, image: pane.index });
    this.tell("mark", pane.index, x, y, pane.z);
    this.onMark();
    this.repaint();
  }

  // Keys of the viewer; returns whether the key was one.
  key(event) {
    const pane = this.active, pan = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (event.shiftKey && pan) this.pan(pane, ...pan);
    else if (["ArrowUp", "PageUp"].includes(event.key)) this.slice(pane, event.key === "PageUp" ? 5 : 1);
    else if (["ArrowDown", "PageDown"].includes(event.key)) this.slice(pane, event.key === "PageDown" ? -5 : -1);
    else if (event.key === "+" || event.key === "=") this.zoom(pane, ZOOM_STEP);
    else if (event.key === "-") this.zoom(pane, 1 / ZOOM_STEP);
    else if (event.key === "[") this.window(pane, -15, 0);
    else if (event.key === "]") this.window(pane, 15, 0);
    else if (event.key === "{") this.window(pane, 0, -15);
    else if (event.key === "}") this.window(pane, 0, 15);
    else if (event.key === "0" || event.key === "Home") this.reset();
    else if (event.key === "x" && this.marksAllowed) this.mark(pane, pane.pointed || { x: pane.x, y: pane.y });
    else return false;
    return true;
  }
}
