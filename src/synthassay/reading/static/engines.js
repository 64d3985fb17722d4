// The packaged viewers, fetched from the room itself where they are needed, there and able to run.

import { CanvasPane } from "./canvas_pane.js";
import { SlidePane } from "./slide_pane.js";
import { fitsCard, VolumePane } from "./volume_pane.js";

const kept = {};

// What the study's images need: returns OpenSeadragon and NiiVue, or null for each that is absent or cannot run.
export async function loadEngines({ viewers, slides, trial }) {
  const volume = trial.images.some(fitsCard);
  kept.slides ||= slides && viewers.openseadragon ? await script(`/vendor/${viewers.openseadragon}`, "OpenSeadragon") : null;
  kept.volumes ||= volume && viewers.niivue && hasCard() ? await script(`/vendor/${viewers.niivue}`, "niivue") : null;
  return kept;
}

function script(src, name) {
  return new Promise((done) => {
    const element = Object.assign(document.createElement("script"), { src, onload: () => done(window[name] || null), onerror: () => done(null) });
    document.head.append(element);
  });
}

function hasCard() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

export function paneFor(desk, head, index, engines) {
  const inColour = ["rgb8", "png", "jpeg"].includes(head.depth) && head.slices === 1;
  if (engines?.slides && inColour) return new SlidePane(desk, head, index, engines.slides);
  if (engines?.volumes && fitsCard(head)) return new VolumePane(desk, head, index, engines.volumes);
  return new CanvasPane(desk, head, index);
}
