// Slides and large tiles, painted by OpenSeadragon from the room's tiles. Where it looks, what the hand does and what
// lies over the slide is the room's own, so that a slide is read and logged like everything else.

import { Pane } from "./pane.js";
import { Pixels } from "./pixels.js";

const TILES_KEPT = 150;

export class SlidePane extends Pane {
  constructor(desk, head, index, OpenSeadragon) {
    super(desk, head, index);
    this.pixels = new Pixels(head, () => {});
    this.host = Object.assign(document.createElement("div"), { className: "host", inert: true });
    this.frame.prepend(this.host);
    this.OpenSeadragon = OpenSeadragon;
  }

  get viewer() {
    return "openseadragon";
  }

  // Opened at the first painting, when the pane has a size.
  open() {
    forbearStyle();
    const { OpenSeadragon, host } = this;
    this.osd = new OpenSeadragon.Viewer({
      element: host, tileSources: this.source(), drawer: "canvas", mouseNavEnabled: false, showNavigationControl: false,
      animationTime: 0, springStiffness: 50, blendTime: 0, alwaysBlend: false, immediateRender: false,
      visibilityRatio: 0, constrainDuringPan: false, minZoomImageRatio: 0, maxZoomPixelRatio: 1000, minPixelRatio: 0.7,
      imageLoaderLimit: 6, maxImageCacheCount: TILES_KEPT, preserveViewport: true, preload: false, tabIndex: -1,
      imageSmoothingEnabled: true, loadTilesWithAjax: false, crossOriginPolicy: false,
    });
    this.osd.addHandler("open", () => {
      this.item = this.osd.world.getItemAt(0);
      this.item.addHandler("fully-loaded-change", () => this.desk.repaint());
      this.desk.repaint();
    });
    this.osd.addHandler("resize", () => this.desk.repaint());
  }

  source() {
    const { head, pixels } = this, most = head.levels - 1;
    return {
      width: head.columns, height: head.rows, tileSize: head.tile, tileOverlap: 0, minLevel: 0, maxLevel: most,
      getTileUrl: (level, x, y) => `${level}/${x}/${y}`,
      hasTransparency: () => false,
      // through the room's own fetching, which waits for a connection that is gone
      downloadTileStart: (job) => {
        const [level, x, y] = job.src.split("/").map(Number);
        pixels.whole(most - level, 0, y, x).then(
          (picture) => job.finish(picture.getContext("2d"), null, "context2d"),
          () => job.fail("there is no such tile", null),
        );
      },
      downloadTileAbort: () => {},
    };
  }

  paintPixels() {
    if (!this.osd) this.open();
    if (!this.item) return this.pixels.failed;
    const view = this.views[0], s = this.scale(view), wide = this.head.columns;
    const size = { x: view.width / s.h, y: view.height / s.v };
    const place = new this.OpenSeadragon.Rect(
      (this.centre.x - size.x / 2) / wide, (this.centre.y - size.y / 2) / wide, size.x / wide, size.y / wide,
    );
    this.osd.viewport.fitBounds(place, true);
    this.item.setOpacity(1);
    this.osd.forceRedraw();
    return this.item.getFullyLoaded() || this.pixels.failed;
  }

  close() {
    this.pixels.close();
    this.osd?.destroy();
  }
}

// OpenSeadragon would write a style element, which the room's policy forbids, unless it finds this mark of having done so.
// (The element is of no known language, so that the browser makes nothing of it.)
function forbearStyle() {
  if (document.querySelector("style[data-openseadragon-mobile-css]")) return;
  const mark = document.createElementNS("urn:synthassay:none", "style");
  mark.setAttribute("data-openseadragon-mobile-css", "true");
  document.head.append(mark);
}
