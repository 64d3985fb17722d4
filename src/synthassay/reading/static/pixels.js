// Tiles of raw numbers, fetched once, painted through a window into small canvases.

const BYTES = { u8: 1, u16: 2, rgb8: 3 };
const KEPT = 600; // tiles

export class Pixels {
  constructor(head, onTile) {
    this.head = head;
    this.onTile = onTile;
    this.tiles = new Map();
    this.table = null;
    this.failed = false;
  }

  // Size of a level in pixels.
  size(level) {
    let { rows, columns } = this.head;
    for (let i = 0; i < level; i++) [rows, columns] = [(rows + 1) >> 1, (columns + 1) >> 1];
    return { rows, columns };
  }

  tile(level, z, row, column) {
    const key = `${level}/${z}/${row}/${column}`;
    let tile = this.tiles.get(key);
    if (!tile) {
      const size = this.size(level);
      tile = {
        width: Math.min(this.head.tile, size.columns - column * this.head.tile),
        height: Math.min(this.head.tile, size.rows - row * this.head.tile),
        raw: null, canvas: null, painted: "",
      };
      this.tiles.set(key, tile);
      this.fetch(key, tile);
      if (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
    }
    return tile;
  }

  async fetch(key, tile, pause = 400) {
    try {
      const found = await fetch(`/image/${this.head.image}/${key}`);
      if (found.status === 404 || found.status === 401) {
        this.failed = true;
        return;
      }
      if (!found.ok) throw new Error(String(found.status));
      const buffer = await found.arrayBuffer();
      if (buffer.byteLength !== tile.width * tile.height * BYTES[this.head.depth]) throw new Error("short");
      tile.raw = this.head.depth === "u16" ? new Uint16Array(buffer) : new Uint8Array(buffer);
      this.onTile();
    } catch {
      if (this.closed) return;
      await new Promise((done) => setTimeout(done, pause)); // the connection is gone: once more, a little later
      if (!this.closed) this.fetch(key, tile, Math.min(pause * 1.6, 8000));
    }
  }

  close() {
    this.closed = true;
  }

  // Stored number -> grey level, for a window in the image's unit.
  lookup(low, high) {
    const name = `${low} ${high}`;
    if (this.table?.name !== name) {
      const entries = this.head.depth === "u16" ? 65536 : 256;
      const grey = new Uint8ClampedArray(entries);
      const scale = 255 / Math.max(high - low, 1e-9);
      for (let i = 0; i < entries; i++) grey[i] = (i * this.head.slope + this.head.intercept - low) * scale;
      this.table = { name, grey };
    }
    return this.table;
  }

  painted(tile, low, high) {
    const { name, grey } = this.lookup(low, high);
    if (tile.painted === name) return tile.canvas;
    tile.canvas ||= Object.assign(document.createElement("canvas"), { width: tile.width, height: tile.height });
    const context = tile.canvas.getContext("2d");
    const picture = context.createImageData(tile.width, tile.height);
    const to = new Uint32Array(picture.data.buffer), from = tile.raw;
    if (this.head.depth === "rgb8") {
      for (let i = 0, j = 0; i < to.length; i++, j += 3) {
        to[i] = 0xff000000 | (grey[from[j + 2]] << 16) | (grey[from[j + 1]] << 8) | grey[from[j]];
      }
    } else {
      for (let i = 0; i < to.length; i++) to[i] = 0xff000000 | (grey[from[i]] * 0x010101);
    }
    context.putImageData(picture, 0, 0);
    tile.painted = name;
    return tile.canvas;
  }

  // Value in the image's unit at a pixel of the finest level, where it is loaded.
  value(x, y, z) {
    const t = this.head.tile, tile = this.tiles.get(`0/${z}/${Math.floor(y / t)}/${Math.floor(x / t)}`);
    if (!tile?.raw || this.head.depth === "rgb8") return null;
    return tile.raw[Math.floor(y % t) * tile.width + Math.floor(x % t)] * this.head.slope + this.head.intercept;
  }
}
