// Volumes, cut and windowed by NiiVue on the graphics card. Its slices are copied onto the pane's own canvas, so that
// where a view looks, what the hand does and what lies over it is the same as in the plain viewer, which takes over
// where the card gives up.

import { CanvasPane } from "./canvas_pane.js";
import { PLANES } from "./planes.js";

const LARGEST = 150e6; // voxels; NiiVue holds four bytes of each on the card
const KINDS = { u8: Uint8Array, u16: Uint16Array };
const HEADER = 352;
const SLICE = { axial: 0, coronal: 1, sagittal: 2 };

export const volumes = new Map(); // image -> promise of its file; those of this case and the next

export function fetchVolume(head, told = () => {}) {
  if (!volumes.has(head.image)) volumes.set(head.image, download(head, told));
  return volumes.get(head.image);
}

export function keepVolumes(images) {
  for (const image of volumes.keys()) if (!images.includes(image)) volumes.delete(image);
}

async function download(head, told) {
  for (let pause = 400; ; pause = Math.min(pause * 1.6, 8000)) {
    try {
      const found = await fetch(`/volume/${head.image}`);
      if (found.status === 404 || found.status === 401) return null;
      if (!found.ok) throw new Error(String(found.status));
      const length = Number(found.headers.get("Content-Length")), bytes = new Uint8Array(length), reader = found.body.getReader();
      let at = 0;
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        bytes.set(part.value, at);
        at += part.value.length;
        told(at / length);
      }
      if (at !== length) throw new Error("short");
      return bytes.buffer;
    } catch {
      await new Promise((done) => setTimeout(done, pause)); // the connection is gone: once more, a little later
    }
  }
}

export const fitsCard = (head) => head.slices > 1 && head.depth in KINDS && head.rows * head.columns * head.slices <= LARGEST;

export class VolumePane extends CanvasPane {
  constructor(desk, head, index, { Niivue }) {
    super(desk, head, index);
    this.loading = "loading";
    this.open(Niivue).catch((problem) => this.fallBack(problem));
  }

  get viewer() {
    return this.card || this.loading ? "niivue" : "canvas";
  }

  async open(Niivue) {
    const buffer = await fetchVolume(this.head, (share) => {
      this.loading = `loading ${Math.round(100 * share)} %`;
      this.desk.repaint();
    });
    if (!buffer || this.pixels.closed) return this.fallBack("there is no such volume now");
    const card = new Niivue({
      interactive: false, isResizeCanvas: false, isOrientationTextVisible: false, crosshairWidth: 0, isColorbar: false,
      isRadiologicalConvention: true, sagittalNoseLeft: true, isSliceMM: false, backColor: [0, 0, 0, 1], dragAndDropEnabled: false,
      loadingText: "", show3Dcrosshair: false, logLevel: "silent", sliceType: SLICE.axial, multiplanarShowRender: 0,
    });
    const sheet = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    sheet.addEventListener("webglcontextlost", () => this.fallBack());
    document.createElement("div").append(sheet); // NiiVue colours what its canvas lies in
    await card.attachToCanvas(sheet, false);
    await card.loadFromArrayBuffer(buffer, "volume.nii");
    if (this.pixels.closed) return release(card);
    Object.assign(this, { card, loading: "" });
    this.stored = new KINDS[this.head.depth](buffer, HEADER);
    return this.desk.repaint();
  }

  fallBack(why = "the graphics card gave up") {
    console.info("The plain viewer takes over:", String(why));
    this.card = null;
    this.loading = "";
    if (!this.pixels.closed) this.desk.fellBack(this);
  }

  paintPixels(context) {
    if (this.loading) return false;
    if (!this.card) return super.paintPixels(context);
    try {
      this.paintByCard(context);
      return true;
    } catch (problem) {
      this.fallBack(problem);
      return super.paintPixels(context);
    }
  }

  paintByCard(context) {
    const { card, space } = this, [volume] = card.volumes;
    if (volume.cal_min !== this.low || volume.cal_max !== this.high) {
      Object.assign(volume, { cal_min: this.low, cal_max: this.high });
      card.updateGLVolume();
    }
    const part = (axis) => (this.sliceIn(Object.keys(PLANES).find((name) => PLANES[name].d === axis)) + 0.5) / space.size[axis];
    card.scene.crosshairPos = [1 - part("x"), 1 - part("y"), part("z")];
    // NiiVue shows (middle - pan) / zoom in the middle of a view, in millimetres, right, anterior and superior positive
    const low = volume.extentsMinOrtho, high = volume.extentsMaxOrtho;
    const middle = ["x", "y", "z"].map((axis, i) => (low[i] + high[i]) / 2 + (axis === "z" ? 1 : -1) * (this.centre[axis] / space.size[axis] - 0.5) * (high[i] - low[i]));
    const span = { x: high[0] - low[0], y: high[1] - low[1], z: high[2] - low[2] };
    for (const view of this.views) {
      const { h, v } = PLANES[view.plane], whole = Math.min(view.width / span[h], view.height / span[v]);
      const zoom = (this.scale(view).h * space.size[h]) / span[h] / whole;
      const sheet = card.canvas;
      if (sheet.width !== view.width || sheet.height !== view.height) Object.assign(sheet, { width: view.width, height: view.height });
      card.scene.pan2Dxyzmm = [...middle.map((at, i) => (low[i] + high[i]) / 2 - zoom * at), zoom];
      card.setSliceType(SLICE[view.plane]);
      context.drawImage(sheet, view.left, view.top);
    }
  }

  value(point) {
    if (!this.stored) return super.value(point);
    const { columns, rows } = this.head;
    const at = (Math.floor(point.z) * rows + Math.floor(point.y)) * columns + Math.floor(point.x);
    return this.stored[at] * this.head.slope + this.head.intercept;
  }

  async fetchAll() {
    if (!this.card && !this.loading) await super.fetchAll();
  }

  close() {
    super.close();
    if (this.card) release(this.card);
    this.card = null;
  }
}

// Browsers keep few contexts of the graphics card, and do not count on a page to wait for those that it left.
function release(card) {
  card.cleanup();
  card.gl.getExtension("WEBGL_lose_context")?.loseContext();
}
