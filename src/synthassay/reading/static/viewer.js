// The desk: panes side by side, linked where they are series of one case; tools, keys, marks, and what is logged of them.

import { paneFor } from "./engines.js";
import { ZOOM_STEP } from "./gestures.js";
import { clamp, PLANES, THREE } from "./planes.js";

const AXES = ["x", "y", "z"];
const POINTER_STEP = 6, POINTER_STRIDE = 40; // screen pixels

export class Desk {
  // tell(kind, ...values) notes what the reader did, note() what happened by itself; onMark is called when marks change;
  // onShown once all pixels are painted.
  constructor(stage, heads, { linked, tell, note, onMark, onShown, engines }) {
    Object.assign(this, { stage, linked, tell, note, onMark, onShown, marks: [], marksAllowed: 0, pointing: false, panes: [] });
    this.tool = heads.every((head) => !["u8", "u16"].includes(head.depth)) ? "pan" : "window";
    for (const [index, head] of heads.entries()) this.panes.push(paneFor(this, head, index, engines));
    this.active = this.panes[0];
    stage.replaceChildren(...this.panes.map((pane) => pane.element));
    stage.dataset.panes = String(heads.length);
    this.watch = new ResizeObserver(() => this.repaint());
    this.panes.forEach((pane) => this.watch.observe(pane.canvas));
    this.repaint();
  }

  get volumes() {
    return this.panes.some((pane) => pane.volume);
  }

  close() {
    this.closed = true;
    this.watch.disconnect();
    this.panes.forEach((pane) => pane.close());
  }

  repaint() {
    if (this.waiting || this.closed) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      if (this.closed) return;
      const complete = this.panes.map((pane) => pane.paint()).every(Boolean);
      if (complete && !this.told) {
        this.told = true;
        requestAnimationFrame(() => {
          this.onShown();
          this.panes.forEach((pane) => this.note("viewer", pane.index, pane.viewer));
        });
        this.panes.forEach((pane) => pane.fetchAll());
      }
    });
  }

  // A pane whose graphics card gave up goes on with the plain viewer.
  fellBack(pane) {
    if (this.told) {
      this.note("viewer", pane.index, pane.viewer);
      pane.fetchAll();
    }
    this.repaint();
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
    if (!pane.windowed) return;
    // series of one case may have scales of their own, so that a window is never linked
    Object.assign(pane, { low: level - width / 2, high: level + width / 2 });
    this.tell("window", pane.index, pane.low, pane.high);
    this.repaint();
  }

  preset({ low, high }) {
    this.panes.forEach((pane) => this.setWindow(pane, (low + high) / 2, high - low));
  }

  zoom(pane, factor, clientX = null, clientY = null) {
    const view = clientX === null ? null : pane.viewAt(clientX, clientY);
    const before = view && pane.toImage(clientX, clientY, view);
    for (const one of this.together(pane)) one.zoom = clamp(one.zoom * factor, 0.5, one.head.levels > 1 ? 400 : 40);
    if (before) {
      const after = pane.toImage(clientX, clientY, view);
      this.shift(pane, { x: before.x - after.x, y: before.y - after.y, z: before.z - after.z });
    }
    this.tell("zoom", pane.index, pane.zoom);
    this.repaint();
  }

  pan(pane, dx, dy) {
    const box = pane.canvas.getBoundingClientRect(), ratio = pane.canvas.width / box.width, view = pane.activeView();
    const s = pane.scale(view), { h, v, upwards } = PLANES[view.plane];
    this.shift(pane, { [h]: (-dx * ratio) / s.h, [v]: ((upwards ? dy : -dy) * ratio) / s.v });
    this.tell("pan", pane.index, ...(pane.volume ? AXES : ["x", "y"]).map((axis) => pane.centre[axis]));
    this.repaint();
  }

  shift(pane, by) {
    for (const one of this.together(pane)) {
      for (const axis of AXES) {
        const { size } = one.space, step = ((by[axis] || 0) * size[axis]) / pane.space.size[axis];
        one.centre[axis] = clamp(one.centre[axis] + step, 0, size[axis]);
      }
    }
  }

  slice(pane, step) {
    const { d } = PLANES[pane.plane], now = pane.sliceIn(pane.plane);
    const number = clamp(now + step, 0, pane.slicesIn(pane.plane) - 1);
    if (number === now) return;
    this.setCross(pane, { ...pane.cross, [d]: number + 0.5 });
    this.tell("slice", pane.index, number, pane.plane);
    this.repaint();
  }

  // The crosshair: where all three planes of a volume meet, in linked series at the same share of each side.
  moveCross(pane, point) {
    if (!pane.volume) return;
    this.setCross(pane, point);
    this.tell("cross", pane.index, ...AXES.map((axis) => pane.cross[axis]));
    this.repaint();
  }

  setCross(pane, point) {
    for (const one of this.together(pane)) {
      for (const axis of AXES) {
        const share = clamp(point[axis], 0, pane.space.size[axis] - 1e-6) / pane.space.size[axis];
        one.cross[axis] = share * one.space.size[axis];
      }
    }
  }

  // Show one plane, or all three; linked series follow.
  show(pane, shown) {
    if (!pane.volume) return;
    for (const one of this.together(pane)) {
      one.shown = shown;
      one.plane = shown === "three" ? one.plane : shown;
      one.cursor = null;
    }
    this.tell("plane", pane.index, shown);
    this.repaint();
  }

  nextPlane(pane) {
    if (pane.shown !== "three") return this.show(pane, THREE[(THREE.indexOf(pane.plane) + 1) % 3]);
    const plane = THREE[(THREE.indexOf(pane.plane) + 1) % 3];
    for (const one of this.together(pane)) one.plane = plane;
    pane.cursor = this.pointing ? { ...pane.cross } : null;
    return this.repaint();
  }

  reset() {
    this.panes.forEach((pane) => pane.reset());
    this.pointing = false;
    this.tell("reset");
    this.repaint();
  }

  mark(pane, { x, y, z }) {
    if (!this.marksAllowed || !pane.space.contains({ x, y, z })) return;
    const slice = clamp(Math.floor(z), 0, pane.head.slices - 1), view = pane.activeView(), at = pane.toScreen(view, { x, y, z });
    const near = this.marks.findIndex((m) => {
      const there = pane.toScreen(view, { x: m.x, y: m.y, z: m.slice + 0.5 }), { d } = PLANES[view.plane];
      const same = Math.floor(d === "z" ? m.slice : m[d]) === pane.sliceIn(view.plane);
      return m.image === pane.index && same && Math.hypot(there.x - at.x, there.y - at.y) < 12;
    });
    const mark = { x, y, slice, image: pane.index };
    if (near >= 0) this.marks.splice(near, 1);
    else if (this.marksAllowed === 1) this.marks = [mark];
    else if (this.marks.length < this.marksAllowed) this.marks.push(mark);
    this.tell("mark", pane.index, x, y, slice);
    this.onMark();
    this.repaint();
  }

  startRuler(pane, at) {
    const ruler = { from: at, to: at, plane: pane.plane };
    pane.rulers = [...pane.rulers.slice(-4), ruler];
    return ruler;
  }

  // Where the keys X and D act: the keys' pointer, else the mouse's, else the crosshair or the middle.
  place(pane) {
    return pane.cursor || pane.pointed || (pane.volume ? { ...pane.cross } : { ...pane.centre, z: 0.5 });
  }

  measureByKey(pane) {
    if (pane.ruler) {
      pane.ruler.to = this.place(pane);
      pane.endRuler(pane.ruler);
    } else {
      pane.ruler = this.startRuler(pane, this.place(pane));
    }
    this.repaint();
  }

  point(pane) {
    this.pointing = !this.pointing;
    this.panes.forEach((one) => { one.cursor = null; });
    if (this.pointing) pane.cursor = { ...this.place(pane) };
    this.tell("point", pane.index, this.pointing ? "keys" : "hand");
    this.repaint();
  }

  movePointer(pane, across, down, stride) {
    const view = pane.activeView(), { h, v, d, upwards } = PLANES[view.plane], s = pane.scale(view), ratio = window.devicePixelRatio || 1;
    const step = (stride ? POINTER_STRIDE : POINTER_STEP) * ratio;
    const cursor = { ...(pane.cursor || this.place(pane)), [d]: pane.sliceIn(view.plane) + 0.5 };
    cursor[h] = clamp(cursor[h] + (across * step) / s.h, 0, pane.space.size[h]);
    cursor[v] = clamp(cursor[v] + ((upwards ? -down : down) * step) / s.v, 0, pane.space.size[v]);
    pane.cursor = cursor;
    if (pane.ruler) pane.ruler.to = cursor;
    if (this.tool === "cross") this.moveCross(pane, cursor);
    this.repaint();
  }

  // Keys of the viewer; returns whether the key was one.
  key(event) {
    const pane = this.active, arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (this.pointing && arrow) return this.did(() => this.movePointer(pane, ...arrow, event.shiftKey));
    if (event.shiftKey && arrow) return this.did(() => this.pan(pane, -40 * arrow[0], -40 * arrow[1]));
    const acts = {
      ArrowUp: () => this.slice(pane, 1), ArrowDown: () => this.slice(pane, -1), PageUp: () => this.slice(pane, 5),
      PageDown: () => this.slice(pane, -5), "+": () => this.zoom(pane, ZOOM_STEP), "=": () => this.zoom(pane, ZOOM_STEP),
      "-": () => this.zoom(pane, 1 / ZOOM_STEP), "[": () => this.window(pane, -15, 0), "]": () => this.window(pane, 15, 0),
      "{": () => this.window(pane, 0, -15), "}": () => this.window(pane, 0, 15), 0: () => this.reset(), Home: () => this.reset(),
      e: () => this.point(pane), d: () => this.measureByKey(pane), q: () => this.nextPane(),
      ...(this.marksAllowed ? { x: () => this.mark(pane, this.place(pane)) } : {}),
      ...(pane.volume ? {
        a: () => this.show(pane, "axial"), c: () => this.show(pane, "coronal"), g: () => this.show(pane, "sagittal"),
        t: () => this.show(pane, "three"), y: () => this.nextPlane(pane),
      } : {}),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    return act ? this.did(act) : false;
  }

  nextPane() {
    this.active = this.panes[(this.active.index + 1) % this.panes.length];
    this.active.canvas.focus({ preventScroll: true });
  }

  did(act) {
    act();
    return true;
  }
}
