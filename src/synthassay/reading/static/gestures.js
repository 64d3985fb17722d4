// Mouse, pen and fingers on a pane, the same in all viewers. One finger or the left button uses the tool, two fingers or
// the right button move, the wheel scrolls volumes and zooms pictures.

export const ZOOM_STEP = 1.25;

export function listen(pane) {
  const { canvas, desk } = pane, fingers = new Map();
  let grip = null;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    desk.active = pane;
    fingers.set(event.pointerId, event);
    const view = pane.viewAt(event.clientX, event.clientY);
    pane.plane = view.plane;
    const tool = event.button === 1 || event.button === 2 ? "pan" : desk.tool;
    grip = fingers.size > 1 ? { pinch: spread(fingers), tool: "pinch", view } : { tool, x: event.clientX, y: event.clientY, moved: 0, view };
    const at = pane.toImage(event.clientX, event.clientY, view);
    if (grip.tool === "measure") grip.ruler = desk.startRuler(pane, at);
    if (grip.tool === "cross") desk.moveCross(pane, at);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    pane.pointed = pane.toImage(event.clientX, event.clientY, grip?.view);
    if (pane.ruler && !grip) pane.ruler.to = pane.pointed; // begun with the key D
    if (!fingers.has(event.pointerId) || !grip) return desk.repaint();
    fingers.set(event.pointerId, event);
    return drag(pane, grip, event, fingers);
  });
  const release = (event) => {
    fingers.delete(event.pointerId);
    if (event.type === "pointerup" && grip && fingers.size === 0) {
      if (grip.tool === "mark" && grip.moved < 12) desk.mark(pane, pane.toImage(event.clientX, event.clientY, grip.view));
      if (grip.ruler) pane.endRuler(grip.ruler);
    }
    if (fingers.size === 0) grip = null;
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => { pane.pointed = null; });
  canvas.addEventListener("focus", () => { desk.active = pane; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const step = Math.sign(event.deltaY);
    pane.plane = pane.viewAt(event.clientX, event.clientY).plane;
    if (pane.volume && !event.ctrlKey) desk.slice(pane, step);
    else desk.zoom(pane, ZOOM_STEP ** -step, event.clientX, event.clientY);
  }, { passive: false });
}

function drag(pane, grip, event, fingers) {
  const { desk } = pane;
  if (grip.tool === "pinch") {
    if (fingers.size !== 2) return undefined;
    const now = spread(fingers);
    desk.zoom(pane, now.distance / grip.pinch.distance, now.x, now.y);
    desk.pan(pane, now.x - grip.pinch.x, now.y - grip.pinch.y);
    grip.pinch = now;
    return undefined;
  }
  const dx = event.clientX - grip.x, dy = event.clientY - grip.y;
  grip.moved += Math.abs(dx) + Math.abs(dy);
  [grip.x, grip.y] = [event.clientX, event.clientY];
  if (grip.tool === "window") desk.window(pane, dx, dy);
  if (grip.tool === "pan") desk.pan(pane, dx, dy);
  if (grip.tool === "zoom") desk.zoom(pane, Math.exp(-dy / 150));
  if (grip.tool === "cross") desk.moveCross(pane, pane.pointed);
  if (grip.ruler) grip.ruler.to = pane.pointed;
  return desk.repaint();
}

function spread(fingers) {
  const [a, b] = [...fingers.values()];
  return {
    distance: Math.max(10, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
    x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2,
  };
}
