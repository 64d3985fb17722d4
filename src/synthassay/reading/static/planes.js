// Where image points lie on the screen: planes of a volume, views in a pane, and the scale that all views share.
//
// A point is {x, y, z} in pixels of the encoded image: x from the left (a volume: the patient's right), y from the top
// (anterior), z from inferior; pixel i spans i to i + 1.

export const PLANES = {
  axial: { h: "x", v: "y", d: "z", sides: ["R", "L", "A", "P"] },
  coronal: { h: "x", v: "z", d: "y", upwards: true, sides: ["R", "L", "S", "I"] },
  sagittal: { h: "y", v: "z", d: "x", upwards: true, sides: ["A", "P", "S", "I"] },
};
export const THREE = ["axial", "coronal", "sagittal"];
const GAP = 2;

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// Views of a pane: one that fills it, or three in a row, a column or three quarters, whatever shape the pane has.
export function layOut(plane, width, height) {
  if (plane !== "three") return [{ plane, left: 0, top: 0, width, height }];
  const cut = (across, down, places) => THREE.map((name, i) => ({
    plane: name, left: Math.round((places[i][0] * width) / across) + (places[i][0] ? GAP : 0),
    top: Math.round((places[i][1] * height) / down) + (places[i][1] ? GAP : 0),
    width: Math.floor(width / across) - GAP, height: Math.floor(height / down) - GAP,
  }));
  if (width > 1.7 * height) return cut(3, 1, [[0, 0], [1, 0], [2, 0]]);
  if (height > 1.7 * width) return cut(1, 3, [[0, 0], [0, 1], [0, 2]]);
  return cut(2, 2, [[0, 1], [0, 0], [1, 0]]); // coronal above axial, sagittal beside it: what is shared lines up
}

export class Space {
  constructor(head) {
    this.size = { x: head.columns, y: head.rows, z: head.slices };
    const [down, across] = head.spacing_mm.length === 2 ? head.spacing_mm : [0, 0];
    this.mm = down ? { x: across, y: down, z: head.slice_mm || 0 } : null;
    const plain = { x: across || 1, y: down || 1, z: head.slice_mm || across || 1 };
    const least = head.slices > 1 ? Math.min(plain.x, plain.y, plain.z) : Math.min(plain.x, plain.y);
    this.unit = { x: plain.x / least, y: plain.y / least, z: plain.z / least }; // size of a pixel, the smallest side 1
  }

  middle() {
    return { x: this.size.x / 2, y: this.size.y / 2, z: Math.floor(this.size.z / 2) + 0.5 };
  }

  contains(point) {
    return ["x", "y", "z"].every((axis) => point[axis] >= 0 && point[axis] <= this.size[axis]);
  }

  // Screen pixels per unit at zoom 1, so that every view shows its plane whole.
  fit(views) {
    return Math.min(...views.map(({ plane, width, height }) => {
      const { h, v } = PLANES[plane];
      return Math.min(width / (this.size[h] * this.unit[h]), height / (this.size[v] * this.unit[v]));
    }));
  }

  // Distance in millimetres where they are known along the way, else in pixels.
  length(from, to) {
    const axes = ["x", "y", "z"].filter((axis) => Math.abs(to[axis] - from[axis]) > 1e-9);
    if (!this.mm || axes.some((axis) => !this.mm[axis])) {
      return `${Math.hypot(...axes.map((axis) => to[axis] - from[axis])).toFixed(0)} px`;
    }
    const mm = Math.hypot(...axes.map((axis) => (to[axis] - from[axis]) * this.mm[axis]));
    return mm < 1 ? `${(mm * 1000).toFixed(0)} µm` : `${mm.toFixed(1)} mm`;
  }
}
