// The plain viewer: pixels painted on a canvas by the browser alone, for everything that the room shows.

import { Pane } from "./pane.js";
import { Pixels } from "./pixels.js";
import { clamp, PLANES } from "./planes.js";

const SHARP = 8; // screen pixels a pixel from which its edges are what one wants to see

export class CanvasPane extends Pane {
  constructor(desk, head, index) {
    super(desk, head, index);
    this.pixels = new Pixels(head, () => desk.repaint());
    this.cuts = new Map(); // coronal and sagittal slices as they were painted last
  }

  paintPixels(context) {
    let complete = true;
    context.imageSmoothingQuality = "high";
    for (const view of this.views) {
      const s = this.scale(view);
      context.save();
      context.beginPath();
      context.rect(view.left, view.top, view.width, view.height);
      context.clip();
      context.fillStyle = "#000";
      context.fillRect(view.left, view.top, view.width, view.height);
      context.imageSmoothingEnabled = Math.min(s.h, s.v) < SHARP;
      const all = view.plane === "axial" ? this.paintLevels(context, view, s) : this.paintCut(context, view);
      context.restore();
      complete = complete && all;
    }
    return complete || this.pixels.failed;
  }

  paintLevels(context, view, s) {
    const finest = clamp(Math.floor(Math.log2(1 / Math.max(s.h, s.v)) + 0.25), 0, this.head.levels - 1);
    let complete = true;
    for (let level = this.head.levels - 1; level >= finest; level--) {
      const all = this.paintLevel(context, view, level, s);
      if (level === finest) complete = all;
    }
    return complete;
  }

  paintLevel(context, view, level, s) {
    const t = this.head.tile, step = 2 ** level, size = this.pixels.size(level), z = this.sliceIn("axial");
    const left = this.centre.x - view.width / 2 / s.h, top = this.centre.y - view.height / 2 / s.v;
    const first = { c: Math.max(0, Math.floor(left / step / t)), r: Math.max(0, Math.floor(top / step / t)) };
    const last = {
      c: Math.min(Math.ceil(size.columns / t) - 1, Math.floor((left + view.width / s.h) / step / t)),
      r: Math.min(Math.ceil(size.rows / t) - 1, Math.floor((top + view.height / s.v) / step / t)),
    };
    let complete = true;
    for (let r = first.r; r <= last.r; r++) {
      for (let c = first.c; c <= last.c; c++) {
        const tile = this.pixels.tile(level, z, r, c);
        if (!tile.loaded) {
          complete = false;
          continue;
        }
        const at = this.toScreen(view, { x: c * t * step, y: r * t * step, z });
        context.drawImage(
          this.pixels.painted(tile, this.low, this.high), at.x, at.y, tile.width * step * s.h, tile.height * step * s.v,
        );
      }
    }
    return complete;
  }

  // A slice across the stored ones, of as many of them as have come; the rest stays black until it does.
  paintCut(context, view) {
    const { h, v, d } = PLANES[view.plane], width = this.space.size[h], height = this.space.size[v];
    const slice = this.sliceIn(view.plane), tiles = [];
    for (let z = 0; z < height; z++) tiles.push(this.pixels.tile(0, z, 0, 0));
    const there = tiles.filter((tile) => tile.loaded).length;
    const name = `${slice} ${this.low} ${this.high} ${there}`;
    let cut = this.cuts.get(view.plane);
    if (cut?.name !== name) {
      cut = { name, canvas: cut?.canvas || Object.assign(document.createElement("canvas"), { width, height }) };
      const picture = new ImageData(width, height), to = new Uint32Array(picture.data.buffer);
      const [start, step] = d === "y" ? [slice * this.head.columns, 1] : [slice, this.head.columns]; // a row, a column
      tiles.forEach((tile, z) => {
        if (tile.loaded) this.pixels.paintLine(tile, start, step, to.subarray((height - 1 - z) * width, (height - z) * width), this.low, this.high);
      });
      cut.canvas.getContext("2d").putImageData(picture, 0, 0);
      this.cuts.set(view.plane, cut);
    }
    const origin = { x: 0, y: 0, z: 0, [v]: height }, s = this.scale(view), at = this.toScreen(view, origin);
    context.drawImage(cut.canvas, at.x, at.y, width * s.h, height * s.v);
    return there === height;
  }

  value({ x, y, z }) {
    return this.pixels.value(x, y, Math.floor(z));
  }

  // Slices from the middle outwards, so that scrolling does not wait.
  async fetchAll() {
    const middle = Math.floor(this.head.slices / 2), most = 2 * Math.min(this.head.slices, 400);
    for (let i = 1; i < most && !this.pixels.closed; i++) {
      const z = middle + (i % 2 ? (i + 1) / 2 : -i / 2);
      if (z >= 0 && z < this.head.slices) this.pixels.tile(0, z, 0, 0);
      if (i % 6 === 0) await new Promise((done) => setTimeout(done, 30));
    }
  }

  close() {
    this.pixels.close();
  }
}
