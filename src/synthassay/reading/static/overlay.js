// What lies over the pixels, the same in all viewers: crosshair, sides of the patient, rulers, marks, the keys' pointer.

import { PLANES } from "./planes.js";

const RULER = "#ffd24d", MARK = "#7fd6ff", CROSS = "#8fd18f", CURSOR = "#ff9be0";

export function paintOverlay(context, pane) {
  const ratio = window.devicePixelRatio || 1;
  for (const view of pane.views) {
    context.save();
    context.beginPath();
    context.rect(view.left, view.top, view.width, view.height);
    context.clip();
    if (pane.volume) paintSides(context, pane, view, ratio);
    if (pane.volume && (pane.shown === "three" || pane.desk.tool === "cross")) paintCross(context, pane, view, ratio);
    paintRulers(context, pane, view, ratio);
    paintMarks(context, pane, view, ratio);
    if (pane.cursor && pane.plane === view.plane) paintCursor(context, pane, view, ratio);
    context.restore();
    if (pane.shown === "three" && pane.plane === view.plane) frame(context, view, ratio);
  }
}

function stroke(context, ratio, colour, width, trace) {
  for (const [ink, thick] of [["#000a", width + 3], [colour, width]]) {
    Object.assign(context, { strokeStyle: ink, lineWidth: thick * ratio });
    context.beginPath();
    trace();
    context.stroke();
  }
}

function line(context, ratio, colour, width, a, b) {
  stroke(context, ratio, colour, width, () => {
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
  });
}

function say(context, words, colour, x, y, ratio) {
  context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  Object.assign(context, { fillStyle: colour, strokeStyle: "#000", lineWidth: 3 * ratio });
  context.strokeText(words, x, y);
  context.fillText(words, x, y);
}

function frame(context, view, ratio) {
  Object.assign(context, { strokeStyle: "#4f7ba3", lineWidth: ratio });
  context.strokeRect(view.left + 0.5, view.top + 0.5, view.width - 1, view.height - 1);
}

function paintSides(context, pane, view, ratio) {
  const [left, right, top, bottom] = PLANES[view.plane].sides, { left: x, top: y, width: w, height: h } = view;
  context.textBaseline = "middle";
  say(context, left, "#9fb0c2", x + 8 * ratio, y + h / 2, ratio);
  say(context, right, "#9fb0c2", x + w - 18 * ratio, y + h / 2, ratio);
  say(context, top, "#9fb0c2", x + w / 2 - 5 * ratio, y + (y ? 14 : 42) * ratio, ratio); // below the caption
  say(context, bottom, "#9fb0c2", x + w / 2 - 5 * ratio, y + h - 12 * ratio, ratio);
}

function paintCross(context, pane, view, ratio) {
  const at = pane.toScreen(view, pane.cross), gap = 10 * ratio;
  const { left: x, top: y, width: w, height: h } = view;
  for (const [a, b] of [
    [{ x, y: at.y }, { x: at.x - gap, y: at.y }], [{ x: at.x + gap, y: at.y }, { x: x + w, y: at.y }],
    [{ x: at.x, y }, { x: at.x, y: at.y - gap }], [{ x: at.x, y: at.y + gap }, { x: at.x, y: y + h }],
  ]) {
    Object.assign(context, { strokeStyle: CROSS, lineWidth: ratio, globalAlpha: 0.75 });
    context.beginPath();
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
    context.stroke();
  }
  context.globalAlpha = 1;
}

const inSlice = (pane, view, point) => Math.floor(point[PLANES[view.plane].d]) === pane.sliceIn(view.plane);

function paintRulers(context, pane, view, ratio) {
  for (const ruler of pane.rulers) {
    if (ruler.plane !== view.plane || !inSlice(pane, view, ruler.from)) continue;
    const a = pane.toScreen(view, ruler.from), b = pane.toScreen(view, ruler.to);
    line(context, ratio, RULER, 1.5, a, b);
    context.textBaseline = "alphabetic";
    const words = pane.space.length(ruler.from, ruler.to), room = view.left + view.width - b.x;
    say(context, words, RULER, b.x + (room < 80 * ratio ? room - 80 * ratio : 8 * ratio), b.y - (room < 80 * ratio ? 8 * ratio : 0), ratio);
  }
}

function paintMarks(context, pane, view, ratio) {
  pane.desk.marks.forEach((mark, number) => {
    const point = { x: mark.x, y: mark.y, z: mark.slice + 0.5 };
    if (mark.image !== pane.index || !inSlice(pane, view, point)) return;
    const at = pane.toScreen(view, point);
    stroke(context, ratio, MARK, 2, () => context.arc(at.x, at.y, 12 * ratio, 0, 2 * Math.PI));
    context.textBaseline = "alphabetic";
    say(context, String(number + 1), MARK, at.x + 15 * ratio, at.y - 9 * ratio, ratio);
  });
}

function paintCursor(context, pane, view, ratio) {
  const at = pane.toScreen(view, pane.cursor), r = 9 * ratio;
  line(context, ratio, CURSOR, 1.5, { x: at.x - r, y: at.y }, { x: at.x + r, y: at.y });
  line(context, ratio, CURSOR, 1.5, { x: at.x, y: at.y - r }, { x: at.x, y: at.y + r });
}
