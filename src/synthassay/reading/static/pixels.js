// Tiles, fetched once: raw numbers, painted through a window into small canvases, or pictures of slides.

const BYTES = { u8: 1, u16: 2, rgb8: 3 };
const KEPT = 300; // tiles of a picture, of 512 x 512 pixels; of a volume, all

export class Pixels {
  constructor(head, onTile) {
    this.head = head;
    this.onTile = onTile;
    this.tiles = new Map();
    this.table = null;
    this.failed = false;
    this.stop = new AbortController();
    this.coded = !(head.depth in BYTES);
    this.kept = head.slices > 1 ? Infinity : KEPT;
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
        loaded: false, raw: null, canvas: null, painted: "", waiting: [],
      };
      this.tiles.set(key, tile);
      if (!this.closed) this.fetch(key, tile);
      if (this.tiles.size > this.kept) this.tiles.delete(this.tiles.keys().next().value);
    }
    return tile;
  }

  async fetch(key, tile, pause = 400) {
    try {
      const found = await fetch(`/image/${this.head.image}/${key}`, { signal: this.stop.signal });
      if (found.status === 404 || found.status === 401) {
        this.failed = true;
        tile.waiting.forEach(({ refuse }) => refuse(new Error(String(found.status))));
        this.onTile();
        return;
      }
      if (!found.ok) throw new Error(String(found.status));
      if (this.coded) await this.takePicture(tile, await found.blob());
      else this.takeNumbers(tile, await found.arrayBuffer());
      tile.loaded = true;
      tile.waiting.forEach(({ accept }) => accept());
      this.onTile();
    } catch {
      if (this.closed) return;
      await new Promise((done) => setTimeout(done, pause)); // the connection is gone: once more, a little later
      if (!this.closed) this.fetch(key, tile, Math.min(pause * 1.6, 8000));
    }
  }

  takeNumbers(tile, buffer) {
    if (buffer.byteLength !== tile.width * tile.height * BYTES[this.head.depth]) throw new Error("short");
    tile.raw = this.head.depth === "u16" ? new Uint16Array(buffer) : new Uint8Array(buffer);
  }

  async takePicture(tile, blob) {
    const picture = await createImageBitmap(blob, { colorSpaceConversion: "none" });
    if (picture.width !== tile.width || picture.height !== tile.height) throw new Error("short");
    tile.canvas = Object.assign(document.createElement("canvas"), { width: tile.width, height: tile.height });
    tile.canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
  }

  // A tile as a canvas that its taker keeps; it is forgotten here.
  async whole(level, z, row, column) {
    const tile = this.tile(level, z, row, column);
    if (!tile.loaded) await new Promise((accept, refuse) => tile.waiting.push({ accept, refuse }));
    this.tiles.delete(`${level}/${z}/${row}/${column}`);
    return this.painted(tile, this.head.low, this.head.high);
  }

  // Fetch nothing more; what is awaited never comes.
  close() {
    this.closed = true;
    this.stop.abort();
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
    if (this.coded) return tile.canvas;
    const { name, grey } = this.lookup(low, high);
    if (tile.painted === name) return tile.canvas;
    tile.canvas ||= Object.assign(document.createElement("canvas"), { width: tile.width, height: tile.height });
    const context = tile.canvas.getContext("2d");
    const picture = context.createImageData(tile.width, tile.height);
    this.colour(new Uint32Array(picture.data.buffer), tile.raw, grey, 0, 1);
    context.putImageData(picture, 0, 0);
    tile.painted = name;
    return tile.canvas;
  }

  // Every step-th pixel of a tile from a start on, through the table of greys.
  colour(to, from, grey, start, step) {
    if (this.head.depth === "rgb8") {
      for (let i = 0, j = 3 * start; i < to.length; i++, j += 3 * step) {
        to[i] = 0xff000000 | (grey[from[j + 2]] << 16) | (grey[from[j + 1]] << 8) | grey[from[j]];
      }
    } else {
      for (let i = 0, j = start; i < to.length; i++, j += step) to[i] = 0xff000000 | (grey[from[j]] * 0x010101);
    }
  }

  // One line of a slice that cuts across the stored ones: a row of the tile, or a column.
  paintLine(tile, start, step, to, low, high) {
    this.colour(to, tile.raw, this.lookup(low, high).grey, start, step);
  }

  // Value in the image's unit at a pixel of the finest level, where it is loaded.
  value(x, y, z) {
    const t = this.head.tile, tile = this.tiles.get(`0/${z}/${Math.floor(y / t)}/${Math.floor(x / t)}`);
    if (!tile?.raw || this.head.depth === "rgb8") return null;
    return tile.raw[Math.floor(y % t) * tile.width + Math.floor(x % t)] * this.head.slope + this.head.intercept;
  }
}
