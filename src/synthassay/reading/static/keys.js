// Tools and keys, as the toolbar and the list of keys show them.

export const TOOLS = [
  ["window", "Window", "w"], ["pan", "Pan", "h"], ["zoom", "Zoom", "z"], ["measure", "Measure", "m"], ["mark", "Mark", "k"],
  ["cross", "Crosshair", "o"],
];
export const PLANE_BUTTONS = [["axial", "Axial", "a"], ["coronal", "Coronal", "c"], ["sagittal", "Sagittal", "g"], ["three", "All three", "t"]];
export const KEYS = [
  ["Enter", "next case"], ["↑ ↓", "next or previous slice; PageUp and PageDown by five"], ["+ −", "zoom"],
  ["Shift + arrows", "move the image"], ["[ ]", "narrower or wider window"], ["{ }", "darker or brighter"],
  ["0", "reset the view"], ["W H Z M K O", "tools: window, pan, zoom, measure, mark, crosshair"],
  ["A C G T", "volumes: axial, coronal, sagittal, all three; Y for the next plane"], ["Q", "next image"],
  ["E", "point with the arrows, Shift for larger steps; E again to end"], ["X", "mark the place under the pointer"],
  ["D", "measure from the place under the pointer; D again to end"],
  ["F1 … F6", "windows of the study"], ["N U", "next or previous question"], ["1 … 9", "points, images or artefacts"],
  ["← →", "slider by 1; , and . by 10"], ["P", "pause"], ["B", "previous case, where the study allows it"], ["?", "these keys"],
];
